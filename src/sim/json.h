/* Writes cJSON trees as UTF-8, and reads them with strict types. */
#ifndef SIM_JSON_H
#define SIM_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

struct evbuffer;

/* Appends tree as UTF-8 text and deletes it. Bytes that are not UTF-8, which headers may have, are
 * converted from Latin-1. */
void json_write(struct evbuffer *out, cJSON *tree);
/* Add a member. text NULL: null. */
void json_put(cJSON *object, const char *name, const char *text);
void json_put_number(cJSON *object, const char *name, uint64_t number);
/* Read a member of an object. If it is missing or has another type, they return NULL, NULL,
 * fallback and false. */
const cJSON *json_get(const cJSON *object, const char *name);
const char *json_text(const cJSON *object, const char *name);
int64_t json_number(const cJSON *object, const char *name, int64_t fallback);
bool json_flag(const cJSON *object, const char *name);
/* Appends [[name,value],…] as header lines; lines NULL: only checks it. A value may be
 * {"base64":"…"}. False if pairs is not such an array. */
bool json_header_lines(const cJSON *pairs, struct evbuffer *lines);

/* A rule for the members in names, which are separated by spaces. JSON_HEADERS is an array for
 * json_header_lines(), JSON_PROPERTIES is {name:text} or [[name,text],…]. */
struct json_rule {
    const char *names;
    enum {
        JSON_TEXT,
        JSON_WORD,
        JSON_FLAG,
        JSON_NUMBER,
        JSON_REAL,
        JSON_TEXT_OR_NUMBER,
        JSON_BASE64,
        JSON_HEADERS,
        JSON_TEXTS,
        JSON_LIST,
        JSON_PROPERTIES
    } type;
    int64_t min; /* of a number, or of the bytes of JSON_BASE64. Only JSON_REAL allows fractions */
    int64_t max;
    const char *words; /* the words allowed for JSON_WORD, separated by spaces */
};

enum { JSON_ERROR_SIZE = 600, JSON_MANY = 1000000000 };
/* True if object has only members that follow the rules, each at most once. Otherwise error says
 * why not. The last rule has no names. */
bool json_check(const cJSON *object, const struct json_rule *rules,
                char error[static JSON_ERROR_SIZE]);

#endif
