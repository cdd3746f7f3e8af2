/* The locale of the environment, as many programs that use the library have it: so a run of the
 * unit tests in another one shows what depends on it. */
#include <locale.h>
#include <stddef.h>

static __attribute__((constructor)) void use_locale(void)
{
    setlocale(LC_ALL, "");
}
