/* json: what is written and read as JSON. */
#ifndef SIM_JSON_H
#define SIM_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

struct evbuffer;

/* Appends tree as UTF-8 text and deletes it. Bytes in it that are no UTF-8, as headers may bring,
 * are taken for Latin-1. */
void json_write(struct evbuffer *out, cJSON *tree);
/* Add a member; text NULL is null. */
void json_put(cJSON *object, const char *name, const char *text);
void json_put_number(cJSON *object, const char *name, uint64_t number);
/* A member of an object; if there is none of that type: NULL, NULL, fallback, false. */
const cJSON *json_get(const cJSON *object, const char *name);
const char *json_text(const cJSON *object, const char *name);
int64_t json_number(const cJSON *object, const char *name, int64_t fallback);
bool json_flag(const cJSON *object, const char *name);
/* Appends [[name,value],…] as header lines, or only checks it if lines is NULL; a value may be
 * {"base64":"…"}. False if it is not such an array. */
bool json_header_lines(const cJSON *pairs, struct evbuffer *lines);

/* A rule is for members of these names, which stand between blanks. Headers are what
 * json_header_lines() takes, properties {name:text} or [[name,text],…]. */
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
    int64_t min; /* of a number, which is whole but for JSON_REAL, or of base64's bytes */
    int64_t max;
    const char *words; /* of which a word is one */
};

enum { JSON_ERROR_SIZE = 600, JSON_MANY = 1000000000 };
/* Does object follow the rules (the last has no names), each member once and no other? If not,
 * error says why not. */
bool json_check(const cJSON *object, const struct json_rule *rules,
                char error[static JSON_ERROR_SIZE]);

#endif
