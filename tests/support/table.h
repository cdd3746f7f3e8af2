/* Tests in tables: a row each, checked in one loop. */
#ifndef TABLE_H
#define TABLE_H

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

#endif
