/* Untrusted text: checks UTF-8, makes text safe to show on a terminal, and compares ASCII. */
#ifndef TEXT_H
#define TEXT_H

#include "buf.h"

/* Returns the length (1-4) of the UTF-8 sequence at text and sets *code to its code point. Returns
 * 0 if it is not valid: also overlong forms, surrogates and over U+10FFFF. size > 0. */
size_t utf8_sequence(const unsigned char *text, size_t size, unsigned *code);
bool utf8_valid(const void *text, size_t size);
/* U+FFFD, which takes the place of a byte that is not valid. */
#define UTF8_REPLACEMENT "\xef\xbf\xbd"
/* True for a code point over U+007F that cannot move or reorder what a terminal shows: not a
 * control, a separator of lines or paragraphs, or a control of the direction of writing. */
bool utf8_is_harmless(unsigned code);
/* Appends text in printable form. Controls, DEL, invalid UTF-8 and code points that are not
 * utf8_is_harmless() become \xNN. */
void text_append_printable(struct buf *buf, const void *text, size_t size);

enum { TEXT_NAME_SIZE = 48 };
/* Writes the name of the character at text, so that an error can name an invisible one or one that
 * looks like another: "'x'", "a space", "a no-break space (U+00A0)". Not at the end of text. */
void text_name_character(const char *text, char out[static TEXT_NAME_SIZE]);
/* The same as a text of its own, the caller's to free(); NULL when out of memory. */
char *text_printable(const void *text, size_t size);
/* Appends text as one word of a shell command: unchanged if no byte is special to a shell, else in
 * single quotes. */
void text_append_shell_word(struct buf *buf, const char *text);
/* The same as a text of its own, the caller's to free(); NULL when out of memory. */
char *text_shell_word(const char *text);

/* Returns the length of the longest prefix of printable text, at most size bytes, that ends between
 * characters and not within a \xNN. */
size_t text_cut(const char *text, size_t size);

/* A byte that may be sent in a header: 0x20-0x7e. */
bool byte_is_plain(unsigned char byte);
/* A byte of an HTTP token: letters, digits and ! # $ % & ' * + - . ^ _ ` | ~ */
bool byte_is_token(unsigned char byte);
/* ASCII only, in any locale. */
bool byte_is_alnum(unsigned char byte);
bool byte_is_digit(unsigned char byte);

/* Compare without the case of ASCII letters, in any locale: in a Turkish one strcasecmp() finds
 * that "IoTHub-MessageId" differs from "iothub-messageid". */
bool text_equals_nocase(const char *a, const char *b);
bool text_begins_nocase(const char *text, const char *prefix);

/* Reads all of text as a decimal number from 0 to max; returns false for anything else. */
bool text_to_number(const char *text, long long max, long long *number);

#endif
