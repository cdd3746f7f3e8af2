/* Checks and inputs that the fuzz targets share. A failed check aborts, which libFuzzer reports
 * like a crash. */
#ifndef CHECK_H
#define CHECK_H

#include "c2d.h"

#include <stddef.h>
#include <stdint.h>

/* The entry point of each target, called with each input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition) ((condition) ? (void)0 : check_failed(#condition, __FILE__, __LINE__))
_Noreturn void check_failed(const char *condition, const char *file, int line);

/* A key, in base64. It replaces each "KEY" of an input, and must not be in any error. Nor must its
 * first 8 characters, which is what mask.h masks. */
#define CANARY CANARY_START "LWtleS1vZi1odWIh"
#define CANARY_START "Y2FuYXJ5"
/* A token whose signature is the canary, for mask_error(): a server may send it back. */
#define CANARY_TOKEN "SharedAccessSignature sr=hub&sig=" CANARY "&se=1767225600"

/* Returns a copy of an input with CANARY for each "KEY" and a NUL at its end, which the caller
 * frees. It is of exact size, so that AddressSanitizer finds each read past its end. */
char *input_text(const uint8_t *data, size_t size);
/* The same, where each occurrence of word becomes replacement. Sets *new_size, without the NUL. */
char *input_replace(const void *data, size_t size, const char *word, const char *replacement,
                    size_t *new_size);

/* text is one line that no terminal interprets: no control bytes, valid UTF-8. */
void check_line(const char *text);
/* json is such a line, and valid JSON for json_scan.c and for cJSON. */
void check_json(const char *json);
/* text does not contain CANARY_START. */
void check_no_canary(const char *text);
/* error is a failure. Its texts are lines without the canary. */
void check_error(const struct c2d_error *error);

/* Returns the path of a temporary folder, removed at exit with its contents. */
const char *temporary_folder(void);
/* Writes a file, replacing its contents. */
void write_file(const char *path, const void *data, size_t size);
/* Returns the contents of a file, with a NUL at the end, which the caller frees. */
char *read_file(const char *path, size_t *size);

#endif
