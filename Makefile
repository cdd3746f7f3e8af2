# c2d-http: cloud-to-device messages over HTTPS. `make help` lists the targets.
# To build for another machine, name its compiler: make CC=aarch64-linux-gnu-gcc BUILD=build-arm64

BUILD ?= build
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
UNITDIR ?= $(PREFIX)/lib/systemd/system
MANDIR ?= $(PREFIX)/share/man
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d
# -Oz: for size, like -Os, but more so. gcc has it since version 12.
ifeq ($(origin CFLAGS),undefined)
CFLAGS := $(shell $(CC) -Oz -E -o /dev/null -x c /dev/null 2>/dev/null && echo -Oz || echo -Os) -g
endif

# The tools and packages that belong to the compiler. Debian keeps the packages of another machine
# in a folder of their own, and pkg-config for it may be missing or unusable.
AR := $(if $(filter default,$(origin AR)),$(shell $(CC) -print-prog-name=ar),$(AR))
OBJCOPY ?= $(shell $(CC) -print-prog-name=objcopy)
PKG_CONFIG ?= $(shell t=$$($(CC) $(CFLAGS) -print-multiarch 2>/dev/null); t=$${t:-$$($(CC) -dumpmachine)}; \
	d=/usr/lib/$$t/pkgconfig; $$t-pkg-config --version >/dev/null 2>&1 && echo $$t-pkg-config || \
	{ [ ! -d $$d ] || echo env PKG_CONFIG_LIBDIR=$${PKG_CONFIG_LIBDIR-$$d}; echo pkg-config; })

VERSION := $(shell sed -n 's/^.define C2D_VERSION "\(.*\)"/\1/p' include/c2d.h)
ABI := $(shell sed -n 's/^.define C2D_ABI \([0-9]*\)/\1/p' include/c2d.h)
# Most-used library first: the dynamic linker searches them in this order.
PKGS := libcrypto >= 1.1.1 libssl >= 1.1.1 libcurl >= 7.74 libcjson >= 1.7.13
SIM_PKGS := libevent >= 2.1 libevent_openssl libssl >= 1.1.1 libcrypto libcjson >= 1.7.13
TEST_PKGS := $(PKGS) criterion >= 2.3
, := ,
# $(call pkg,OPTIONS,PACKAGES): the output of pkg-config. make prints what a command with exit code 127
# says, hence the exit.
pkg = $(shell $(PKG_CONFIG) $(1) '$(2)' 2>/dev/null || exit 1)$(if $(filter-out 0,$(.SHELLSTATUS)),$(error \
	needs $(2): $(shell $(PKG_CONFIG) --print-errors --short-errors --exists '$(2)' 2>&1 || exit 1)))
PKG_CFLAGS = $(eval PKG_CFLAGS := $(call pkg,--cflags,$(PKGS)))$(PKG_CFLAGS)

# $(call supported,OPTIONS,FLAGS): those of FLAGS that the compiler supports, used with OPTIONS.
supported = $(foreach f,$(2),$(shell \
	$(CC) $(CFLAGS) -Werror $(1) $(f) -o /dev/null /dev/null 2>/dev/null && echo '$(f)'))
# The highest FORTIFY level that the C library supports. Empty if the user's flags set a level.
FORTIFY := $(if $(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),,-U_FORTIFY_SOURCE $(firstword $(call \
	supported,-U_FORTIFY_SOURCE -include stdio.h -c -x c,-D_FORTIFY_SOURCE=3 -D_FORTIFY_SOURCE=2)))
HARDEN_CFLAGS := $(call supported,-c -x c,-fstack-clash-protection -fcf-protection)

WARNINGS = -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wwrite-strings -Wformat=2 -Wvla $(WERROR)
OWN_CFLAGS = -std=c11 -D_POSIX_C_SOURCE=200809L -Iinclude -Isrc -Isrc/lib $(WARNINGS) -MMD -MP $(CODE)
CODE = -fPIC -fvisibility=hidden -fstack-protector-strong $(HARDEN_CFLAGS) -ffunction-sections \
	-fdata-sections -fno-plt
TABLES = -fno-asynchronous-unwind-tables
# The programs are optimized as a whole if compiler and linker can do that: 11 KB less machine code, of
# which -fipa-pta, which follows pointers, saves 0.5, and the optimizations switched off cost 1.6.
LTO := $(if $(findstring -fno-lto,$(CFLAGS) $(LDFLAGS)),,$(shell \
	f='-flto -flto-partition=one -fipa-pta -fno-expensive-optimizations'; echo 'int main(void) { return 0; }' | \
	$(CC) $(CFLAGS) $(LDFLAGS) -Werror $$f -o /dev/null -x c - 2>/dev/null && echo "$$f"))
# 64-bit file offsets and times on 32-bit machines, if the C library has them. The hub must pass times
# to libevent as that was built.
WIDE = -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64
# Merges objects into one, which contains machine code even if the user's flags ask for LTO.
MERGE := -r -nostdlib $(call supported,-r -nostdlib -x assembler,-flinker-output=nolto-rel)
# Resolves groups of equal functions, which cannot be local: on i386, each object has a copy of those
# that return the program counter. lld does not know the option.
UNGROUP := $(call supported,-r -nostdlib -x assembler,-Wl$(,)--force-group-allocation)
# Packs the relocations if linker and C library support it: then a program requires this version of the
# library, and an older one refuses to start it. The program is not run: it may be of another machine.
RELR := $(shell f=-Wl,-z,pack-relative-relocs; d=$$(mktemp -d); echo 'int main(void) { return 0; }' | \
	$(CC) $(CFLAGS) $(LDFLAGS) -pie -o $$d/a -x c - $$f 2>/dev/null && \
	grep -q GLIBC_ABI_DT_RELR $$d/a && echo $$f; rm -r $$d)
HARDEN_LDFLAGS := $(RELR) -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed -Wl,--gc-sections
ASAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O1

LIB_SRC := $(wildcard src/base/*.c src/lib/*/*.c)
COMMON_SRC := $(wildcard src/cli/common/*.c)
HTTP_SRC := $(wildcard src/cli/c2d-http/*.c)
DEVICE_SRC := $(wildcard src/cli/c2d-device/*.c)
SIM_SRC := $(wildcard src/sim/*.c) $(addprefix src/base/,buf.c link.c text.c)
# c2d-live looks for its checks in ../share/c2d-live.
LIVE := $(wildcard tests/live/*)
UNITS := $(notdir $(wildcard src/systemd/*))
# The installed manuals, and for each program and shell the file that loads its completion.
MANUALS := $(foreach page,$(notdir $(wildcard src/man/*.[1-9])),man$(subst .,,$(suffix $(page)))/$(page))
UNIT_SRC := $(wildcard tests/unit/*.c) $(filter-out %/hostile.c %/lacking.c,$(wildcard tests/support/*.c))
SIMULATION_SRC := $(wildcard tests/simulation/*.c)
SIMULATION_WRAP := $(foreach f,getrandom clock_monotonic_ms c2d_receive c2d_settle c2d_submit \
	c2d_wait stop_is_due,-Wl,--wrap=$(f))
FUZZ_TARGETS := $(basename $(notdir $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_SRC := $(filter-out tests/fuzz/fuzz_%,$(wildcard tests/fuzz/*.c))
# Unit tests make the n-th allocation fail. The product itself has no hook for that.
WRAP := $(foreach f,malloc calloc realloc strdup strndup,-Wl,--wrap=$(f))

.DELETE_ON_ERROR .SUFFIXES:
all: $(addprefix $(BUILD)/,libc2d.a libc2d.so c2d-http c2d-device) ## library and programs
sim: $(BUILD)/c2d-sim ## the simulated hub (needs libevent)

# The rule of the objects in the folder $(1), with the flags $(2) and the FORTIFY flags $(3).
define OBJECTS
$(1)/%.o: %.c Makefile
	@mkdir -p $$(@D)
	$$(CC) $$(OWN_CFLAGS) $$(WIDE) $$(TABLES) $(3) $$(CPPFLAGS) $$(CFLAGS) $(2) \
		$$(PKG_CFLAGS) -c -o $$@ $$<
endef
# The rules of one build folder: $(1) the folder, $(2) its flags, $(3) its FORTIFY flags, $(4) whole/ if
# its programs are optimized as a whole.
define RULES
$(call OBJECTS,$(1),$(2),$(3))
# The library keeps its unwind tables, so that stack traces of other programs can pass through it.
$$(SIM_SRC:%.c=$(1)/%.o) $(1)/tests/support/lacking.o: WIDE =
$$(LIB_SRC:%.c=$(1)/%.o): TABLES = -fasynchronous-unwind-tables
# One relocatable object with local internal names, which cannot clash with names of its users.
$(1)/libc2d.o: $$(LIB_SRC:%.c=$(1)/%.o)
	$$(CC) $$(CFLAGS) $$(MERGE) $$(UNGROUP) -o $$@ $$^
	$$(OBJCOPY) --localize-hidden $$@
$(1)/libc2d.a: $(1)/libc2d.o
	$$(AR) rcs $$@ $$^
# nodelete: dlclose() must not unmap the library, as a cancelled name look-up continues in a thread
# of libcurl.
$(1)/libc2d.so.$$(ABI): $$(LIB_SRC:%.c=$(1)/%.o)
	$$(CC) -shared -Wl,-soname,libc2d.so.$$(ABI),-z,nodelete $$(HARDEN_LDFLAGS) $$(CFLAGS) $(2) \
		$$(LDFLAGS) -o $$@ $$^ $$(call pkg,--libs,$$(PKGS))
$(1)/libc2d.so: $(1)/libc2d.so.$$(ABI)
	ln -sf libc2d.so.$$(ABI) $$@
# In that case they have their own objects, also of the library, without its unwind tables.
$(if $(4),$(call OBJECTS,$(1)/whole,$$(LTO),$(3)))
$(1)/c2d-http: $$(HTTP_SRC:%.c=$(1)/$(4)%.o)
$(1)/c2d-device: $$(DEVICE_SRC:%.c=$(1)/$(4)%.o)
$(1)/c2d-http $(1)/c2d-device: $$(patsubst %.c,$(1)/$(4)%.o,$$(COMMON_SRC) $$(LIB_SRC))
	$$(CC) -pie $$(CODE) $$(TABLES) $$(HARDEN_LDFLAGS) $$(CFLAGS) $(2) $(if $(4),$$(LTO)) $$(LDFLAGS) \
		-o $$@ $$^ $$(call pkg,--libs,$$(PKGS))
$(1)/c2d-sim: $$(SIM_SRC:%.c=$(1)/%.o)
	$$(CC) -pie $$(HARDEN_LDFLAGS) $$(CFLAGS) $(2) $$(LDFLAGS) -o $$@ $$^ \
		$$(call pkg,--libs,$$(SIM_PKGS))
# Links the objects, not the archive: unit tests call functions that the library does not export.
$(1)/unit-tests: $$(UNIT_SRC:%.c=$(1)/%.o) $$(LIB_SRC:%.c=$(1)/%.o) $$(COMMON_SRC:%.c=$(1)/%.o) \
		$$(patsubst %.c,$(1)/%.o,$$(filter-out %/main.c,$$(DEVICE_SRC) $$(HTTP_SRC)))
	$$(CC) $$(CFLAGS) $(2) $$(LDFLAGS) $$(WRAP) -o $$@ $$^ \
		$$(call pkg,--libs,$$(TEST_PKGS))
# The objects of library and drain as they are, with the clock, the randomness and two calls of the
# drain replaced.
$(1)/simulation: $$(SIMULATION_SRC:%.c=$(1)/%.o) $$(LIB_SRC:%.c=$(1)/%.o) \
		$$(COMMON_SRC:%.c=$(1)/%.o) $$(patsubst %,$(1)/src/cli/c2d-device/%.o,drain seen)
	$$(CC) $$(CFLAGS) $(2) $$(LDFLAGS) $$(SIMULATION_WRAP) -o $$@ $$^ \
		$$(call pkg,--libs,$$(PKGS))
$(1)/hostile: $(1)/tests/support/hostile.o
$(1)/cutter: $(1)/tests/torture/cutter.o
$(1)/no_memory.so: $(1)/tests/torture/no_memory.o
$(1)/lacking.so: $(1)/tests/support/lacking.o
$(1)/hostile $(1)/cutter $(1)/no_memory.so $(1)/lacking.so:
	$$(CC) $$(if $$(filter %.so,$$@),-shared,-pie) $$(CFLAGS) $(2) $$(LDFLAGS) -Wl,--as-needed \
		-o $$@ $$^ $$(call pkg,--libs,libssl libcrypto)
endef
$(eval $(if $(filter build-asan,$(BUILD)),,$(call RULES,$(BUILD),,$(FORTIFY),whole/)))
$(eval $(call RULES,build-asan,$(ASAN),))

# The rules of the fuzz targets, a program for each tests/fuzz/fuzz_*.c: $(1) the folder, $(2) its
# flags. Archives link only the needed files: in each run, libFuzzer reads the counters of all linked
# code. c2d-sim has its own archive, as some of its functions have the same names as others.
FUZZ := $(ASAN) -fsanitize=fuzzer-no-link
# Each program counts in a file in raw, which it maps: also one that ends by a signal.
COVER := -fprofile-instr-generate=$(CURDIR)/build-cover/raw/%m%c.profraw -fcoverage-mapping \
	-mllvm -runtime-counter-relocation -w
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
		$$(filter %.a,$$^) -Wl,--as-needed $$(call pkg,--libs,$$(PKGS) $$(SIM_PKGS))
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
check: $(call TESTED,$(BUILD)) ## all tests; warnings are errors
	scripts/check-structure $(BUILD)
	tests/run $(BUILD)
asan: $(call TESTED,build-asan) ## all tests under AddressSanitizer and UBSan; leaks fail
	tests/run build-asan

static: ## static programs in build-static, from source packages of the distribution
	scripts/static

install: all ## install to DESTDIR and PREFIX, BINDIR, LIBDIR, UNITDIR ...; c2d-sim if it was built
	install -d -m 755 "$(DESTDIR)$(BINDIR)" "$(DESTDIR)$(LIBDIR)/pkgconfig" \
		"$(DESTDIR)$(INCLUDEDIR)" "$(DESTDIR)$(UNITDIR)"
	install -m 755 $(BUILD)/c2d-http $(BUILD)/c2d-device $(wildcard $(BUILD)/c2d-sim) "$(DESTDIR)$(BINDIR)"
	install -m 755 scripts/live "$(DESTDIR)$(BINDIR)/c2d-live"
	install -d -m 755 "$(DESTDIR)$(BINDIR)/../share/c2d-live"
	install -m 644 $(LIVE) "$(DESTDIR)$(BINDIR)/../share/c2d-live"
	install -m 644 include/*.h "$(DESTDIR)$(INCLUDEDIR)"
	install -m 644 $(BUILD)/libc2d.a "$(DESTDIR)$(LIBDIR)"
	install -m 755 $(BUILD)/libc2d.so.$(ABI) "$(DESTDIR)$(LIBDIR)/libc2d.so.$(VERSION)"
	ln -sf libc2d.so.$(VERSION) "$(DESTDIR)$(LIBDIR)/libc2d.so.$(ABI)"
	ln -sf libc2d.so.$(ABI) "$(DESTDIR)$(LIBDIR)/libc2d.so"
	sed -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@INCLUDEDIR@|$(INCLUDEDIR)|' \
		-e 's|@VERSION@|$(VERSION)|; s|@PKGS@|$(PKGS)|' src/lib/libc2d.pc.in | \
		install -m 644 /dev/stdin "$(DESTDIR)$(LIBDIR)/pkgconfig/libc2d.pc"
	for unit in $(UNITS); do sed 's|@BINDIR@|$(subst $() ,\\x20,$(BINDIR))|' "src/systemd/$$unit" | \
		install -m 644 /dev/stdin "$(DESTDIR)$(UNITDIR)/$$unit" || exit; done
	for page in $(MANUALS); do install -d -m 755 "$(DESTDIR)$(MANDIR)/$${page%/*}" && \
		install -m 644 "src/man/$${page##*/}" "$(DESTDIR)$(MANDIR)/$$page" || exit; done
	install -d -m 755 "$(DESTDIR)$(BASHDIR)" "$(DESTDIR)$(ZSHDIR)" "$(DESTDIR)$(FISHDIR)"
	load() { sed "s/@PROGRAM@/$$program/g" "src/completions/$$1" | install -m 644 /dev/stdin "$(DESTDIR)$$2"; }; \
		for program in c2d-http c2d-device; do load bash "$(BASHDIR)/$$program" && \
		load zsh "$(ZSHDIR)/_$$program" && load fish "$(FISHDIR)/$$program.fish" || exit; done
uninstall: ## remove the installed files
	rm -f $(foreach f,c2d-http c2d-device c2d-sim c2d-live,"$(DESTDIR)$(BINDIR)/$f") \
		$(foreach f,$(notdir $(LIVE)),"$(DESTDIR)$(BINDIR)/../share/c2d-live/$f") \
		$(foreach f,a so so.$(ABI) so.$(VERSION),"$(DESTDIR)$(LIBDIR)/libc2d.$f") \
		"$(DESTDIR)$(LIBDIR)/pkgconfig/libc2d.pc" \
		$(foreach f,$(notdir $(wildcard include/*.h)),"$(DESTDIR)$(INCLUDEDIR)/$f") \
		$(foreach f,$(UNITS),"$(DESTDIR)$(UNITDIR)/$f") $(foreach f,$(MANUALS),"$(DESTDIR)$(MANDIR)/$f") \
		$(foreach f,c2d-http c2d-device,"$(DESTDIR)$(BASHDIR)/$f" "$(DESTDIR)$(ZSHDIR)/_$f" \
		"$(DESTDIR)$(FISHDIR)/$f.fish")

help: ## print this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | awk -F'|' '{ printf "%-12s %s\n", $$1, $$2 }'
clean: ## remove the build folders
	rm -rf $(BUILD) build-asan build-static build-fuzz build-cover
.PHONY: all sim check asan static install uninstall help clean
-include $(shell find $(BUILD) build-asan build-fuzz build-cover -name '*.d' 2>/dev/null)
