/* Prints --help from the option tables. */
#ifndef HELP_H
#define HELP_H

#include "app.h"

void help_usage(const struct program *program, FILE *out); /* the short form */
void help_program(const struct program *program, FILE *out);
void help_command(const struct program *program, const struct command *command, FILE *out);

#endif
