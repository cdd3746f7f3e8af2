# c2d-http: cloud-to-device messages over HTTPS. `make help` lists the targets.

OBJCOPY ?= objcopy
PKG_CONFIG ?= pkg-config
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
UNITDIR ?= $(PREFIX)/lib/systemd/system
CFLAGS ?= -Os -g

VERSION := $(shell sed -n 's/^.define C2D_VERSION "\(.*\)"/\1/p' include/c2d.h)
ABI := $(shell sed -n 's/^.define C2D_ABI \([0-9]*\)/\1/p' include/c2d.h)
# Most-used library first: the dynamic linker searches them in this order.
PKGS := libcrypto libssl libcurl libcjson
SIM_PKGS := libevent libevent_openssl libssl libcrypto libcjson
# The highest FORTIFY level that the compiler supports. Empty if the user's flags set a level.
FORTIFY := $(shell for l in 3 2; do echo 'int a;' | $(CC) -O2 -U_FORTIFY_SOURCE \
	-D_FORTIFY_SOURCE=$$l -Werror -include stdio.h -x c -c -o /dev/null - 2>/dev/null && \
	echo "-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$$l" && break; done)

# Those of these flags that the compiler supports: -fcf-protection exists on x86 only.
HARDEN_CFLAGS := $(shell for f in -fstack-clash-protection -fcf-protection; do echo 'int a;' | \
	$(CC) $(CFLAGS) -Werror $$f -x c -c -o /dev/null - 2>/dev/null && echo $$f; done)

WARNINGS = -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wwrite-strings -Wformat=2 -Wvla $(WERROR)
OWN_CFLAGS = -std=c11 -D_POSIX_C_SOURCE=200809L -Iinclude -Isrc -Isrc/lib $(WARNINGS) -fPIC \
	-fvisibility=hidden -fstack-protector-strong $(HARDEN_CFLAGS) \
	-ffunction-sections -fdata-sections -MMD -MP -fno-plt
TABLES = -fno-asynchronous-unwind-tables
# Packs the relocations if the linker and the C library support it. An older C library would refuse
# to start the program.
RELR := $(shell d=$$(mktemp -d) f=-Wl,-z,pack-relative-relocs; echo 'int main(void) { return 0; }' \
	| $(CC) -x c -o $$d/a - $$f,--fatal-warnings 2>/dev/null && $$d/a && echo $$f; rm -r "$$d")
HARDEN_LDFLAGS := $(RELR) -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed -Wl,--gc-sections
ASAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O1

LIB_SRC := $(wildcard src/base/*.c src/lib/*/*.c)
COMMON_SRC := $(wildcard src/cli/common/*.c)
HTTP_SRC := $(wildcard src/cli/c2d-http/*.c)
DEVICE_SRC := $(wildcard src/cli/c2d-device/*.c)
SIM_SRC := $(wildcard src/sim/*.c) $(addprefix src/base/,buf.c link.c text.c)
UNITS := $(notdir $(wildcard src/systemd/*))
UNIT_SRC := $(wildcard tests/unit/*.c) $(filter-out %/hostile.c %/lacking.c,$(wildcard tests/support/*.c))
FUZZ_TARGETS := $(basename $(notdir $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_SRC := $(filter-out tests/fuzz/fuzz_%,$(wildcard tests/fuzz/*.c))
# Unit tests make the n-th allocation fail. The product itself has no hook for that.
WRAP := $(foreach f,malloc calloc realloc strdup strndup,-Wl,--wrap=$(f))

.DELETE_ON_ERROR .SUFFIXES:
all: build/libc2d.a build/libc2d.so build/c2d-http build/c2d-device ## library and programs
sim: build/c2d-sim ## the simulated hub (needs libevent)

# The rules of one build folder: $(1) the folder, $(2) its flags, $(3) its FORTIFY flags.
define RULES
$(1)/%.o: %.c Makefile
	@mkdir -p $$(@D)
	$$(CC) $$(OWN_CFLAGS) $$(TABLES) $(3) $$(CPPFLAGS) $$(CFLAGS) $(2) \
		$$(shell $$(PKG_CONFIG) --cflags $$(PKGS)) -c -o $$@ $$<
# The library keeps its unwind tables, so that stack traces of other programs can pass through it.
$$(LIB_SRC:%.c=$(1)/%.o): TABLES = -fasynchronous-unwind-tables
# One relocatable object with local internal names, which cannot clash with names of its users.
$(1)/libc2d.o: $$(LIB_SRC:%.c=$(1)/%.o)
	$$(LD) -r -o $$@ $$^
	$$(OBJCOPY) --localize-hidden $$@
$(1)/libc2d.a: $(1)/libc2d.o
	$$(AR) rcs $$@ $$^
# The same for the programs: without unwind tables, and with global names, as they use src/base.
$(1)/libc2d-bare.o: $$(LIB_SRC:%.c=$(1)/%.o)
	$$(LD) -r -o $$@ $$^
	$$(OBJCOPY) --remove-section=.eh_frame --remove-section=.rela.eh_frame $$@
# nodelete: dlclose() must not unmap the library, as a cancelled name look-up continues in a thread
# of libcurl.
$(1)/libc2d.so.$$(ABI): $$(LIB_SRC:%.c=$(1)/%.o)
	$$(CC) -shared -Wl,-soname,libc2d.so.$$(ABI),-z,nodelete $$(HARDEN_LDFLAGS) $$(CFLAGS) $(2) \
		$$(LDFLAGS) -o $$@ $$^ $$(shell $$(PKG_CONFIG) --libs $$(PKGS))
$(1)/libc2d.so: $(1)/libc2d.so.$$(ABI)
	ln -sf libc2d.so.$$(ABI) $$@
$(1)/c2d-http: $$(HTTP_SRC:%.c=$(1)/%.o)
$(1)/c2d-device: $$(DEVICE_SRC:%.c=$(1)/%.o)
$(1)/c2d-http $(1)/c2d-device: $$(COMMON_SRC:%.c=$(1)/%.o) $(1)/libc2d-bare.o
	$$(CC) -pie $$(HARDEN_LDFLAGS) $$(CFLAGS) $(2) $$(LDFLAGS) -o $$@ $$^ \
		$$(shell $$(PKG_CONFIG) --libs $$(PKGS))
$(1)/c2d-sim: $$(SIM_SRC:%.c=$(1)/%.o)
	$$(CC) -pie $$(HARDEN_LDFLAGS) $$(CFLAGS) $(2) $$(LDFLAGS) -o $$@ $$^ \
		$$(shell $$(PKG_CONFIG) --libs $$(SIM_PKGS))
# Links the objects, not the archive: unit tests call functions that the library does not export.
$(1)/unit-tests: $$(UNIT_SRC:%.c=$(1)/%.o) $$(LIB_SRC:%.c=$(1)/%.o) $$(COMMON_SRC:%.c=$(1)/%.o) \
		$$(patsubst %.c,$(1)/%.o,$$(filter-out %/main.c,$$(DEVICE_SRC) $$(HTTP_SRC)))
	$$(CC) $$(CFLAGS) $(2) $$(LDFLAGS) $$(WRAP) -o $$@ $$^ \
		$$(shell $$(PKG_CONFIG) --libs $$(PKGS) criterion)
$(1)/hostile: $(1)/tests/support/hostile.o
$(1)/cutter: $(1)/tests/torture/cutter.o
$(1)/no_memory.so: $(1)/tests/torture/no_memory.o
$(1)/lacking.so: $(1)/tests/support/lacking.o
$(1)/hostile $(1)/cutter $(1)/no_memory.so $(1)/lacking.so:
	$$(CC) $$(if $$(filter %.so,$$@),-shared,-pie) $$(CFLAGS) $(2) $$(LDFLAGS) -Wl,--as-needed \
		-o $$@ $$^ $$(shell $$(PKG_CONFIG) --libs libssl libcrypto)
endef
$(eval $(call RULES,build,,$(FORTIFY)))
$(eval $(call RULES,build-asan,$(ASAN),))

# The rules of the fuzz targets, a program for each tests/fuzz/fuzz_*.c: $(1) the folder, $(2) its
# flags. Archives link only the needed files: in each run, libFuzzer reads the counters of all linked
# code. c2d-sim has its own archive, as some of its functions have the same names as others.
FUZZ := $(ASAN) -fsanitize=fuzzer-no-link
COVER := -fprofile-instr-generate -fcoverage-mapping
define FUZZ_RULES
$(1)/%: CC = clang
$(1)/fuzz.a: $$(patsubst %.c,$(1)/%.o,$$(LIB_SRC) $$(filter-out %/main.c,$$(COMMON_SRC) \
		$$(DEVICE_SRC) $$(HTTP_SRC)) $$(filter-out %/sim.c,$$(FUZZ_SRC)))
$(1)/fuzz-sim.a: $$(patsubst %.c,$(1)/%.o,$$(filter-out src/sim/main.c,$$(SIM_SRC)) \
		src/lib/hub/json_scan.c src/lib/http/url.c tests/fuzz/check.c tests/fuzz/sim.c)
$(1)/fuzz.a $(1)/fuzz-sim.a:
	rm -f $$@
	$$(AR) rcs $$@ $$^
$$(filter $(1)/fuzz_sim_%,$$(FUZZ_TARGETS:%=$(1)/%)): $(1)/fuzz-sim.a
$$(filter-out $(1)/fuzz_sim_%,$$(FUZZ_TARGETS:%=$(1)/%)): $(1)/fuzz.a
$$(FUZZ_TARGETS:%=$(1)/%): $(1)/%: $(1)/tests/fuzz/%.o
	$$(CC) $$(CFLAGS) $(2) -fsanitize=fuzzer $$(LDFLAGS) -o $$@ $$(filter %.o,$$^) \
		$$(filter %.a,$$^) -Wl,--as-needed $$(shell $$(PKG_CONFIG) --libs $$(PKGS) $$(SIM_PKGS))
$(1)/fuzz-targets: $$(FUZZ_TARGETS:%=$(1)/%)
.PHONY: $(1)/fuzz-targets
endef
$(eval $(call RULES,build-fuzz,$(FUZZ),))
$(eval $(call RULES,build-cover,$(COVER),))
$(eval $(call FUZZ_RULES,build-fuzz,$(FUZZ)))
$(eval $(call FUZZ_RULES,build-cover,$(COVER)))

# The files that the tests need, in the build folder $(1).
TESTED = $(1)/libc2d.so $(1)/libc2d.a $(addprefix $(1)/,c2d-http c2d-device c2d-sim unit-tests hostile lacking.so)

check asan: WERROR := -Werror
check: $(call TESTED,build) ## all tests; warnings are errors
	scripts/check-structure
	tests/run build
asan: $(call TESTED,build-asan) ## all tests under AddressSanitizer and UBSan; leaks fail
	tests/run build-asan

install: all ## install to DESTDIR and PREFIX, BINDIR, LIBDIR, UNITDIR ...; c2d-sim if it was built
	install -d $(addprefix $(DESTDIR),$(BINDIR) $(LIBDIR)/pkgconfig $(INCLUDEDIR) $(UNITDIR))
	install -m 755 build/c2d-http build/c2d-device $(wildcard build/c2d-sim) $(DESTDIR)$(BINDIR)
	install -m 644 include/c2d.h $(DESTDIR)$(INCLUDEDIR)
	install -m 644 build/libc2d.a $(DESTDIR)$(LIBDIR)
	install -m 755 build/libc2d.so.$(ABI) $(DESTDIR)$(LIBDIR)/libc2d.so.$(VERSION)
	ln -sf libc2d.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libc2d.so.$(ABI)
	ln -sf libc2d.so.$(ABI) $(DESTDIR)$(LIBDIR)/libc2d.so
	sed -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@INCLUDEDIR@|$(INCLUDEDIR)|' \
		-e 's|@VERSION@|$(VERSION)|; s|@PKGS@|$(PKGS)|' src/lib/libc2d.pc.in \
		>$(DESTDIR)$(LIBDIR)/pkgconfig/libc2d.pc
	for unit in $(UNITS); do sed 's|@BINDIR@|$(BINDIR)|' "src/systemd/$$unit" \
		>"$(DESTDIR)$(UNITDIR)/$$unit" || exit; done
uninstall: ## remove the installed files
	rm -f $(addprefix $(DESTDIR)$(BINDIR)/,c2d-http c2d-device c2d-sim) \
		$(DESTDIR)$(INCLUDEDIR)/c2d.h $(DESTDIR)$(LIBDIR)/pkgconfig/libc2d.pc \
		$(addprefix $(DESTDIR)$(LIBDIR)/libc2d.,a so so.$(ABI) so.$(VERSION)) \
		$(addprefix $(DESTDIR)$(UNITDIR)/,$(UNITS))

help: ## print this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | awk -F'|' '{ printf "%-12s %s\n", $$1, $$2 }'
clean: ## remove the build folders
	rm -rf build build-asan build-fuzz build-cover
.PHONY: all sim check asan install uninstall help clean
-include $(shell find build build-asan build-fuzz build-cover -name '*.d' 2>/dev/null)
