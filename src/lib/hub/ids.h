/* Which characters ids and header values may hold. */
#ifndef IDS_H
#define IDS_H

#include "base/error.h"

/* C2D_DATA with the character named when id is no device id: 1-128 of A-Za-z0-9 and
 * - . + % _ # * ? ! ( ) , : = @ $ ' and neither "." nor "..", which libraries take for a folder. */
enum c2d_status id_check_device(const char *id, struct c2d_error *error);
/* The same for lock tokens, which are the hub's own: 1-1024 characters of plain text. */
enum c2d_status id_check_lock_token(const char *token, struct c2d_error *error);
/* The same for message ids, which may also hold ";". */
enum c2d_status id_check_message(const char *id, struct c2d_error *error);
/* C2D_DATA when value is not 0x20-0x7e or begins or ends with a space; what names it. */
enum c2d_status value_check(const char *what, const char *value, struct c2d_error *error);
/* C2D_DATA when name is no HTTP token. */
enum c2d_status property_name_check(const char *name, struct c2d_error *error);

#endif
