/* Checks the characters of ids and header values. All return C2D_DATA, with the character named, if
 * the value is not valid. */
#ifndef IDS_H
#define IDS_H

#include "base/error.h"

/* A device id: 1-128 of A-Za-z0-9 and - . + % _ # * ? ! ( ) , : = @ $ ' but neither "." nor "..",
 * which are treated as folders. */
enum c2d_status ids_check_device(const char *id, struct c2d_error *error);
/* A lock token, which the hub has made: 1-1024 characters from 0x20 to 0x7e. */
enum c2d_status ids_check_lock_token(const char *token, struct c2d_error *error);
/* A message id: as a device id, and ";". */
enum c2d_status ids_check_message(const char *id, struct c2d_error *error);
/* A header value: 0x20-0x7e, without a space at its ends. what names it in the error. */
enum c2d_status ids_check_value(const char *what, const char *value, struct c2d_error *error);
/* The name of a property: an HTTP token. */
enum c2d_status ids_check_property_name(const char *name, struct c2d_error *error);

#endif
