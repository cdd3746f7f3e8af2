/* Tables of tests: one row each, checked in a loop. */
#ifndef TABLE_H
#define TABLE_H

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

#endif
