/* The scripts hold what the option tables say, in the syntax of each shell: the shell does not run
 * the program again for each key. */
#include "completion.h"

#include "failure.h"
#include "output.h"
#include "quote.h"

#include <stdlib.h>
#include <string.h>

/* What follows an option. */
enum value { VALUE_NONE, VALUE_ANY, VALUE_PATH, VALUE_WORDS };

static enum value value_of(const char *argument)
{
    if (argument == NULL)
        return VALUE_NONE;
    if (strstr(argument, "FILE") != NULL || strstr(argument, "DIR") != NULL)
        return VALUE_PATH;
    if (strchr(argument, '|') != NULL
        && argument[strspn(argument, "abcdefghijklmnopqrstuvwxyz|")] == '\0')
        return VALUE_WORDS;
    return VALUE_ANY;
}

/* Writes "a|b|c" as "a b c". */
static void put_words(const char *words, FILE *out)
{
    for (; *words != '\0'; words++)
        fputc(*words == '|' ? ' ' : *words, out);
}

/* The script that is being written. */
struct script {
    const struct program *program;
    const struct command *command; /* whose options are written; NULL: those of every command */
    FILE *out;
};

static void put_command_names(const struct program *program, FILE *out)
{
    for (const struct command *const *command = program->commands; *command != NULL; command++)
        fprintf(out, "%s ", (*command)->name);
    fputs("help", out);
}

typedef void put_option(const struct script *script, const struct option *option);

static void put_table(const struct script *script, const struct option *rows, put_option *put)
{
    for (const struct option *row = rows; row != NULL && row->name != NULL; row++)
        if (row->type != OPTION_GROUP)
            put(script, row);
}

/* Calls put for each option of every command. */
static void put_common(const struct program *program, put_option *put, FILE *out)
{
    struct script script = { program, NULL, out };

    put_table(&script, common_options, put);
    put_table(&script, program->options, put);
}

/* Calls put for each option of command alone. */
static void put_own(const struct program *program, const struct command *command, put_option *put,
                    FILE *out)
{
    put_table(&(struct script) { program, command, out }, command->options, put);
}

/* ---- bash ---- */

static void bash_names(const struct script *script, const struct option *option)
{
    if (option->letter != 0)
        fprintf(script->out, " -%c", option->letter);
    fprintf(script->out, " --%s", option->name);
}

/* A branch on the previous word, if it is an option with a value. */
static void bash_value(const struct script *script, const struct option *option)
{
    enum value value = value_of(option->argument);
    FILE *out = script->out;

    if (value == VALUE_NONE)
        return;
    fputs("    ", out);
    if (option->letter != 0)
        fprintf(out, "-%c | ", option->letter);
    fprintf(out, "--%s) ", option->name);
    if (value == VALUE_PATH)
        fputs("compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$word\"); ", out);
    if (value == VALUE_WORDS) {
        fputs("COMPREPLY=($(compgen -W '", out);
        put_words(option->argument, out);
        fputs("' -- \"$word\")); ", out);
    }
    fputs("return ;;\n", out);
}

static void put_bash(const struct program *program, FILE *out)
{
    fprintf(out,
            "_%s()\n{\n"
            "    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
            "    local i command= words= commands='",
            program->name);
    put_command_names(program, out);
    fputs("' options='", out);
    put_common(program, bash_names, out);
    fputs("'\n"
          "    COMPREPLY=()\n"
          "    [[ $word != = ]] || word= # bash splits --option=value at =\n"
          "    [[ $previous != = ]] || previous=${COMP_WORDS[COMP_CWORD - 2]}\n"
          "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
          "        [[ ${COMP_WORDS[i]} != -- ]] || { compopt -o default; return; }\n"
          "        [[ -n $command || \" $commands \" != *\" ${COMP_WORDS[i]} \"* ]] ||\n"
          "            command=${COMP_WORDS[i]}\n"
          "    done\n"
          "    case $previous in\n",
          out);
    put_common(program, bash_value, out);
    for (const struct command *const *at = program->commands; *at != NULL; at++)
        put_own(program, *at, bash_value, out);
    fputs("    esac\n    case $command in\n    '' | help) words=$commands ;;\n", out);
    for (const struct command *const *at = program->commands; *at != NULL; at++) {
        fprintf(out, "    %s) options+='", (*at)->name);
        put_own(program, *at, bash_names, out);
        fputs("' words='", out);
        if (value_of((*at)->arguments) == VALUE_WORDS)
            put_words((*at)->arguments, out);
        fputs("' ;;\n", out);
    }
    fprintf(out,
            "    esac\n"
            "    [[ $word != -* ]] || words=$options\n"
            "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
            "}\n"
            "complete -F _%s %s\n",
            program->name, program->name);
}

/* ---- zsh ---- */

/* A specification of _arguments: '(-o --output)'{-o+,--output=}'[help]:FILE:_files' */
static void zsh_option(const struct script *script, const struct option *option)
{
    enum value value = value_of(option->argument);
    const char *plus = value == VALUE_NONE ? "" : "+", *equals = value == VALUE_NONE ? "" : "=";
    FILE *out = script->out;

    fputs("        ", out);
    if (option->letter != 0 && option->type == OPTION_LIST)
        fprintf(out, "\\*{-%c%s,--%s%s}'[", option->letter, plus, option->name, equals);
    else if (option->letter != 0)
        fprintf(out, "'(-%c --%s)'{-%c%s,--%s%s}'[", option->letter, option->name, option->letter,
                plus, option->name, equals);
    else
        fprintf(out, "'--%s%s[", option->name, equals);
    quote_put(option->help, "[]:", out);
    fputs("]", out);
    if (value != VALUE_NONE) {
        fputs(":", out);
        quote_put(option->argument, ":", out);
        fputs(value == VALUE_PATH ? ":_files" : value == VALUE_WORDS ? ":(" : ": ", out);
        if (value == VALUE_WORDS) {
            put_words(option->argument, out);
            fputs(")", out);
        }
    }
    fputs("'\n", out);
}

/* A branch for the arguments of a command. */
static void zsh_command(const struct program *program, const struct command *command, FILE *out)
{
    fprintf(out, "    %s) specs=(\n", command->name);
    put_own(program, command, zsh_option, out);
    if (value_of(command->arguments) == VALUE_WORDS) {
        fputs("        '1: :(", out);
        put_words(command->arguments, out);
        fputs(")'\n", out);
    }
    fputs("    ) ;;\n", out);
}

static void put_zsh(const struct program *program, FILE *out)
{
    fprintf(out,
            "#compdef %s\n"
            "_%s()\n{\n"
            "    local curcontext=$curcontext state\n"
            "    local -a common commands specs\n"
            "    local -i end=$words[(i)--]\n"
            "    if ((end < CURRENT)); then # a handler\n"
            "        shift end words\n"
            "        ((CURRENT -= end))\n"
            "        _normal\n"
            "        return\n"
            "    fi\n"
            "    common=(\n",
            program->name, program->name);
    put_common(program, zsh_option, out);
    fputs("    )\n    commands=(\n", out);
    for (const struct command *const *at = program->commands; *at != NULL; at++) {
        fprintf(out, "        '%s:", (*at)->name);
        quote_put((*at)->summary, "", out);
        fputs("'\n", out);
    }
    fputs("        'help:show help, also on one command'\n"
          "    )\n"
          "    _arguments -C : $common '1: :->command' '*:: :->arguments'\n"
          "    [[ $state != command ]] || _describe command commands\n"
          "    [[ $state == arguments ]] || return\n"
          "    case $words[1] in\n"
          "    help) specs=('1: :(${commands%%:*})') ;;\n",
          out);
    for (const struct command *const *at = program->commands; *at != NULL; at++)
        zsh_command(program, *at, out);
    fprintf(out,
            "    esac\n"
            "    _arguments : $common $specs\n"
            "}\n"
            "compdef _%s %s\n",
            program->name, program->name);
}

/* ---- fish ---- */

static void fish_option(const struct script *script, const struct option *option)
{
    enum value value = value_of(option->argument);
    FILE *out = script->out;

    fprintf(out, "complete -c %s", script->program->name);
    if (script->command != NULL)
        fprintf(out, " -n '__fish_seen_subcommand_from %s'", script->command->name);
    if (option->letter != 0)
        fprintf(out, " -s %c", option->letter);
    fprintf(out, " -l %s", option->name);
    if (value != VALUE_NONE)
        fputs(value == VALUE_PATH ? " -r -F" : " -x", out);
    if (value == VALUE_WORDS) {
        fputs(" -a '", out);
        put_words(option->argument, out);
        fputs("'", out);
    }
    fputs(" -d '", out);
    quote_put(option->help, "", out);
    fputs("'\n", out);
}

static void put_fish(const struct program *program, FILE *out)
{
    fprintf(out, "set -l commands ");
    put_command_names(program, out);
    fprintf(out,
            "\ncomplete -c %s -f\n"
            "complete -c %s -n 'contains -- -- (commandline -opc)' -F\n"
            "complete -c %s -n '__fish_seen_subcommand_from help' -a \"$commands\"\n"
            "complete -c %s -n \"not __fish_seen_subcommand_from $commands\" -a help "
            "-d 'show help, also on one command'\n",
            program->name, program->name, program->name, program->name);
    put_common(program, fish_option, out);
    for (const struct command *const *at = program->commands; *at != NULL; at++) {
        fprintf(out, "complete -c %s -n \"not __fish_seen_subcommand_from $commands\" -a %s -d '",
                program->name, (*at)->name);
        quote_put((*at)->summary, "", out);
        fputs("'\n", out);
        put_own(program, *at, fish_option, out);
        if (value_of((*at)->arguments) == VALUE_WORDS) {
            fprintf(out, "complete -c %s -n '__fish_seen_subcommand_from %s' -a '", program->name,
                    (*at)->name);
            put_words((*at)->arguments, out);
            fputs("'\n", out);
        }
    }
}

/* ---- The command ---- */

typedef void put_script(const struct program *program, FILE *out);

static const struct {
    const char *name;
    put_script *put;
} shells[] = { { "bash", put_bash }, { "zsh", put_zsh }, { "fish", put_fish } };

static enum c2d_status run(struct app *app, void *settings, struct c2d_error *error)
{
    (void)settings;
    for (size_t i = 0; app->word_count == 1 && i < sizeof shells / sizeof *shells; i++)
        if (strcmp(app->words[0], shells[i].name) == 0) {
            char *text = NULL;
            size_t size = 0;
            FILE *out = open_memstream(&text, &size);

            if (out != NULL)
                shells[i].put(app->program, out);
            return output_stream(app, out, &text, &size, error);
        }
    return fail_usage(app, error, "name one shell: bash, zsh or fish");
}

const struct command completion_command = {
    .name = "completion",
    .arguments = "bash|zsh|fish",
    .summary = "print a script that completes command lines in that shell",
    .about = "\"make install\" installs what loads it. By hand, for one session:\n",
    .examples = "completion bash > c2d.bash && . ./c2d.bash\n"
                "completion fish | source",
    .prints = true,
    .run = run,
};
