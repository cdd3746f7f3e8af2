/* Text that came from elsewhere: is it UTF-8, and how is it shown without harm to a terminal. */
#ifndef TEXT_H
#define TEXT_H

#include "buf.h"

/* Length (1-4) of the UTF-8 sequence at text, its code point in *code; 0 if it is none: overlong
 * forms, surrogates and what lies past U+10FFFF are none. size > 0. */
size_t utf8_sequence(const unsigned char *text, size_t size, unsigned *code);
bool utf8_valid(const void *text, size_t size);
/* True for a code point over U+007F that cannot move or reorder what a terminal shows: no control,
 * no separator of lines or paragraphs, no control of the direction of writing. */
bool utf8_is_harmless(unsigned code);
/* Appends text as printable: controls, DEL, what is not utf8_is_harmless() and invalid UTF-8 as
 * \xNN. */
void text_append_printable(struct buf *buf, const void *text, size_t size);

enum { TEXT_NAME_SIZE = 48 };
/* Writes what the character at text (not at its end) is called, so that an error can name one that
 * cannot be seen or looks like another: "'x'", "a space", "a no-break space (U+00A0)". */
void text_name_character(const char *text, char out[static TEXT_NAME_SIZE]);
/* The same as a text of its own, the caller's to free(); NULL when out of memory. */
char *text_printable(const void *text, size_t size);
/* Appends text as one word of a shell's command line: as it is where no byte of it means anything
 * to a shell, else in single quotes. */
void text_append_shell_word(struct buf *buf, const char *text);
/* The same as a text of its own, the caller's to free(); NULL when out of memory. */
char *text_shell_word(const char *text);

/* The longest beginning of printable text, at most size bytes, that ends between characters and not
 * within a \xNN. */
size_t text_cut(const char *text, size_t size);

/* A byte that a header may carry as sent by us: 0x20-0x7e. */
bool byte_is_plain(unsigned char byte);
/* A byte of an HTTP token: letters, digits and ! # $ % & ' * + - . ^ _ ` | ~ */
bool byte_is_token(unsigned char byte);
/* ASCII only, whatever the locale is. */
bool byte_is_alnum(unsigned char byte);
bool byte_is_digit(unsigned char byte);

/* Compare without the case of ASCII letters, whatever the locale is: by a Turkish one,
 * strcasecmp() finds no "IoTHub-MessageId" where it looks for "iothub-messageid". */
bool text_equals_nocase(const char *a, const char *b);
bool text_begins_nocase(const char *text, const char *prefix);

/* Whole text as a decimal number from 0 to max; false if it is anything else. */
bool text_to_number(const char *text, long long max, long long *number);

#endif
