/* Sets the locale of the environment, as many programs do: a run of the unit tests in another
 * locale shows what depends on it. */
#include <locale.h>
#include <stddef.h>

static __attribute__((constructor)) void use_locale(void)
{
    setlocale(LC_ALL, "");
}
