/* A temporary folder, which is the current one during a test. */
#ifndef FOLDER_H
#define FOLDER_H

void folder_enter(void);
/* Removes it with all files. */
void folder_leave(void);
/* Runs a command of the shell, which must succeed. */
void folder_run(const char *command);

#endif
