# fillgate: one makefile for every room. Sources are found by their place and name:
#   lib/ proto/ firmware/ host/ boards/sim/ tests/lib/  *.c         go into one library a room, which is a folder
#   .../main.c, .../NAME_main.c                     a program       (programs are listed below)
#   tests/unit/ tests/sim/  test_*.c                test programs, built with sanitizers
#   tests/e2e/*.sh                                  end-to-end tests, run against the sanitizer build
#   tests/browser/*.sh                              the same through a real browser (modules.sh brings its driver)
#   tests/fuzz/fuzz_*.c, tests/bench/bench_*.c      fuzz targets and benchmarks
# Everything made goes under build/. V=1 shows the commands.

MAKEFLAGS += --no-builtin-rules
SHELL := /bin/bash
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all

CC := gcc
CLANG := clang
VARIANT ?= release
B := build/$(VARIANT)
Q := $(if $(V),,@)

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror
BASE := -std=c11 -D_GNU_SOURCE -I. -Ibuild/gen -isystem /usr/include/postgresql $(WARNINGS) -fno-omit-frame-pointer
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
CFLAGS_release := -g -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong
# -g1: the lines that a sanitizer names, and no more, which would cost a third of the time.
CFLAGS_asan := -g1 -O1 $(SANITIZE)
CFLAGS_cov := -g -O0 --coverage -DFG_COVERAGE
CFLAGS_mutant := -g1 -O1 -w
CFLAGS_clang := -fsyntax-only
CFLAGS_fuzz := -g1 -O1 $(SANITIZE) -fsanitize=fuzzer-no-link
CFLAGS := $(BASE) $(CFLAGS_$(VARIANT))
# gold links in half the time; nearly two hundred test programs are linked.
LDFLAGS_asan := $(SANITIZE) -fuse-ld=gold
LDFLAGS_cov := --coverage
LDFLAGS_mutant := -fuse-ld=gold
LDFLAGS_fuzz := $(SANITIZE) -fsanitize=fuzzer -fuse-ld=gold
LDFLAGS := -Wl,--as-needed $(LDFLAGS_$(VARIANT))
LDLIBS := -lnfc -lmodbus -lsqlite3 -lpq -lmicrohttpd -lgnutls -lhttp_parser -lmbedtls -lmbedx509 -lmbedcrypto -linih -lcjson -largon2 \
	-lprotobuf-nanopb $(shell pkg-config --libs libcurl) -lpthread -lm
ifneq ($(filter $(VARIANT),clang fuzz),)
CC := $(CLANG)
endif

# What `make setup` brings from npm.
WEB_MODULES := build/web_modules
PROTOS := $(sort $(shell find proto -name '*.proto'))
GEN_C := $(PROTOS:%.proto=build/gen/%.pb.c)
GEN_H := $(GEN_C:.c=.h) build/gen/lib/base/version.h
# Each room is a library; what a program, a test, a fuzz target or a benchmark is linked with follows from its include lines.
$(if $(filter-out help clean setup,$(or $(MAKECMDGOALS),all)),$(if $(shell tools/link_rooms.sh build/link_rooms.mk || echo failed),$(error no map of rooms)))
-include build/link_rooms.mk
# $(call links,SOURCE): the libraries that it needs, each before those that it uses.
links = $(USES_$(1:.c=):%=$(B)/%.a)
objects = $(patsubst %.c,$(B)/%.o,$(1))
GEN_firmware/panel := panel_files
GEN_host/bureau/web := web_files
objects_of = $(call objects,$(SOURCES_$(1))) $(patsubst build/gen/%.c,$(B)/gen/%.o,$(filter $(addprefix build/gen/,$(addsuffix .pb.c,$(basename \
	$(wildcard $(1)/*.proto)))),$(GEN_C))) $(GEN_$(1):%=$(B)/gen/%.o)

MAIN_fillgated := firmware/controller/main.c
MAIN_fillgate-reader := firmware/reader/main.c
MAIN_fillgate-sim := boards/sim/sim_main.c
MAIN_fillgate-link := firmware/link/main.c
MAIN_fillgate-station := host/station/main.c
MAIN_fillgate-bureau := host/bureau/main.c
MAIN_fillgate := host/cli/main.c
MAIN_fillgate-registry := boards/sim/registry_main.c
MAIN_fillgate-demo := tests/programs/demo/main.c
MAIN_fillgate-noloss := tests/programs/noloss/main.c
MAIN_fillgate-load := tests/programs/load/main.c
MAIN_fillgate-rogue := tests/programs/rogue/main.c
PROGRAM_NAMES := $(foreach p,fillgated fillgate-reader fillgate-link fillgate-station fillgate-bureau fillgate fillgate-sim fillgate-registry \
	fillgate-demo fillgate-noloss fillgate-load fillgate-rogue,$(if $(wildcard $(MAIN_$(p))),$(p)))
PROGRAMS := $(PROGRAM_NAMES:%=$(B)/%)

TEST_SRC := $(sort $(shell find tests/unit tests/sim -name 'test_*.c' 2>/dev/null))
TEST_BIN := $(TEST_SRC:%.c=$(B)/%)
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_BIN := $(FUZZ_SRC:tests/fuzz/%.c=build/fuzz/%)
# What clang compiles for the fuzz targets, with warnings as errors, need not be compiled again to see them.
FUZZED_ROOMS := $(sort $(foreach f,$(FUZZ_SRC),$(USES_$(f:.c=))))
FUZZED_SRC := $(foreach r,$(FUZZED_ROOMS),$(SOURCES_$(r))) $(FUZZ_SRC)
BENCH_SRC := $(sort $(wildcard tests/bench/bench_*.c))
BENCH_BIN := $(BENCH_SRC:tests/bench/%.c=build/release/%)
C_FILES := $(sort $(shell find lib proto firmware host boards tests -name '*.[ch]' 2>/dev/null))

# ---- what people call --------------------------------------------------------------------------

.PHONY: all help setup programs run demo test unit played e2e browser screenshots fuzz fuzz-long bench coverage mcdc mutation proof lint format \
	check-format check-core check-clang check-rooms check-circles check-budget man install dist clean
all: programs

help: ## this page
	@awk -F ':.*## ' '/^#-/ {print "\n" substr($$0, 4)} /^[a-z0-9-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' Makefile

#- To begin with
setup: ## install what building and testing need: Debian packages, and the charts of the bureau's pages from npm
	$(Q)tools/setup.sh
	$(Q)tools/page_modules.sh $(WEB_MODULES)
programs: programs-build ## build all programs under build/release; once set up, this needs no network
run: setup ## show the main job in a small city, and leave it running (Ctrl-C ends)
	$(Q)$(MAKE) --no-print-directory programs-build
	$(Q)tools/run.sh build/release
demo: programs ## play the scripted cases at one filling point; exits 0 only if every outcome is the expected one
	$(Q)tools/demo.sh build/release

#- Tests
test: setup ## every test and check, as CI runs them
	$(Q)tools/test.sh
unit: ## the unit and simulation tests, with sanitizers; one of them: make VARIANT=asan build/asan/tests/unit/...
	$(Q)$(MAKE) --no-print-directory VARIANT=release long-build
	$(Q)$(MAKE) --no-print-directory VARIANT=asan unit-run
e2e: ## real programs together: filling points, stations, the bureau
	$(Q)$(MAKE) --no-print-directory VARIANT=asan e2e-run
browser: ## the pages of panel and bureau in a real browser (chromium)
	$(Q)$(MAKE) --no-print-directory VARIANT=asan browser-run
played: ## e2e and browser in one pool, which is quicker
	$(Q)$(MAKE) --no-print-directory VARIANT=asan played-run
fuzz: ## every fuzz target for FUZZ_SECONDS (6) each
	$(Q)$(MAKE) --no-print-directory VARIANT=fuzz fuzz-run
fuzz-long: ## every fuzz target for 10 minutes each
	$(Q)$(MAKE) --no-print-directory VARIANT=fuzz FUZZ_SECONDS=600 fuzz-run

#- How good the tests are
coverage: ## lines and branches that the tests reach, per room
	$(Q)tools/coverage.sh
mcdc: ## modified condition/decision coverage of firmware/core, and what is left; installs clang 19
	$(Q)tools/mcdc.sh
mutation: ## which changes of a room its tests do not notice: ROOM=core SEED=1 COUNT=50
	$(Q)tools/mutation.py --room $(or $(ROOM),core) --seed $(or $(SEED),1) --count $(or $(COUNT),50)
proof: ## prove firmware/core's contract by Frama-C, which it installs; seeded faults must be found
	$(Q)tools/proof.sh

#- Checks of the sources
lint: ## cppcheck over the whole tree
	$(Q)cppcheck -j$(shell nproc) --quiet --std=c11 --error-exitcode=1 --inline-suppr --enable=warning,performance,portability \
	    --suppress=missingIncludeSystem -I. -Ibuild/gen lib proto firmware host boards/sim
format: ## lay out every C file
	$(Q)clang-format -i $(C_FILES)
check-format: ## is every C file laid out
	$(Q)clang-format --dry-run -Werror $(C_FILES)
check-core: ## does firmware/core need nothing beyond memcpy-like functions
	$(Q)$(MAKE) --no-print-directory VARIANT=release build/release/firmware/core.a
	$(Q)tools/check_core.sh build/release/firmware/core.a
check-clang: ## clang's warnings, as errors, on every C file; most are compiled for the fuzz targets
	$(Q)$(MAKE) --no-print-directory VARIANT=fuzz fuzz-build
	$(Q)$(MAKE) --no-print-directory VARIANT=clang clang-run
check-rooms: ## the floors of the house: includes go down only, no room is too large
	$(Q)tools/check_rooms.sh
check-circles: ## no file uses, over any others, a file that uses it
	$(Q)$(MAKE) --no-print-directory VARIANT=release programs-build
	$(Q)tools/check_circles.sh build/release
check-budget: ## sizes, peak heap, longest function and file within the bounds of tools/budget.txt
	$(Q)$(MAKE) --no-print-directory VARIANT=release programs-build build/release/firmware/core.a
	$(Q)tools/budget.sh build/release

#- Figures and pictures
bench: ## the figures, each beside its reference, with the ratio
	$(Q)$(MAKE) --no-print-directory VARIANT=release bench-run
screenshots: programs ## take the pictures in docs/ again
	$(Q)tools/screenshots.sh build/release

#- To others
man: programs ## manual pages under build/man, made from what the programs say of themselves
	$(Q)tools/man_pages.sh build/release build/man
install: man ## into DESTDIR, under PREFIX (/usr/local)
	$(Q)DESTDIR="$(DESTDIR)" PREFIX="$(or $(PREFIX),/usr/local)" tools/install.sh build/release build/man
dist: $(WEB_MODULES).done ## a source archive that builds without a network: build/fillgate-VERSION.tar.gz
	$(Q)tools/dist.sh $(WEB_MODULES)
clean: ## remove everything made
	$(Q)rm -rf build

# ---- how it is made ----------------------------------------------------------------------------

.PHONY: programs-build unit-run long-build e2e-run browser-run played-run fuzz-run bench-run clang-run unit-build fuzz-build mutant-flags
programs-build: $(PROGRAMS)
unit-build: $(TEST_BIN)
# The simulations that take minutes of the processor run optimised, as time is what they need; what they call runs with sanitizers in the
# shorter ones, in the unit tests and in the fuzz targets.
LONG_SIM := $(filter %_exhaustive.c %_month_of_strangers.c %_powercut.c %_powercut_bureau.c %_powercut_prune.c %_tamper_matrix.c,$(TEST_SRC))
LONG_BIN := $(LONG_SIM:%.c=build/release/%)
unit-run: $(filter-out $(LONG_SIM:%.c=$(B)/%),$(TEST_BIN))
	$(Q)BESIDE="$(LONG_BIN) $(filter $(B)/tests/sim/%,$^)" tools/run_tests.sh $(filter-out $(B)/tests/sim/%,$^)
long-build: $(LONG_BIN)
# What fail_closed and slow_reader measure is real time; the others of a filling point wait most of theirs; those of a city keep the
# machine busy, and noloss.sh all of it: it comes last. fail_closed.sh is the play that fail_closed_*.sh run.
E2E_TIMED := tests/e2e/fail_closed_controller.sh tests/e2e/fail_closed_bus.sh tests/e2e/slow_reader.sh
E2E_POINT := $(wildcard $(patsubst %,tests/e2e/%.sh,clock controller demo documents fail_closed_slow modbus_tools nfc_tools operators panel plant_faults start_up tags units vectors))
E2E_CITY := $(filter-out $(E2E_TIMED) $(E2E_POINT) tests/e2e/fail_closed.sh %/noloss.sh,$(sort $(wildcard tests/e2e/*.sh))) tests/e2e/noloss.sh
BROWSER := $(filter-out %/modules.sh,$(sort $(wildcard tests/browser/*.sh)))
e2e-run: $(PROGRAMS)
	$(Q)export BUILD=$(B); ALONE="$(E2E_TIMED)" BESIDE="$(E2E_CITY)" tools/run_tests.sh $(E2E_POINT)
played-run: $(PROGRAMS)
	$(Q)MODULES=$$(tests/browser/modules.sh) && export MODULES BUILD=$(B) && \
	    ALONE="$(E2E_TIMED)" BESIDE="$(BROWSER) $(E2E_CITY)" tools/run_tests.sh $(E2E_POINT)
browser-run: $(PROGRAMS)
	$(Q)MODULES=$$(tests/browser/modules.sh) && export MODULES BUILD=$(B) && tools/run_tests.sh $(BROWSER)
fuzz-build: $(FUZZ_BIN)
fuzz-run: $(FUZZ_BIN)
	$(Q)tools/run_fuzz.sh $(or $(FUZZ_SECONDS),6) $(FUZZ_BIN)
# What tools/mutation.py compiles and links its mutants with.
mutant-flags:
	@echo "CC=$(CC)"; echo "CFLAGS=$(CFLAGS)"; echo "LDLIBS=$(LDFLAGS) $(LDLIBS)"
bench-run: $(PROGRAMS) $(BENCH_BIN)
	$(Q)set -e; for b in $(BENCH_BIN); do $$b; done; tests/bench/rss.sh $(B); \
	$(B)/fillgate-load --build $(B) --stations 100 --entries 1000; $(B)/fillgate-noloss --build $(B) --catch-up 3000
clang-run: $(patsubst %.c,$(B)/%.o,$(filter-out $(FUZZED_SRC),$(filter %.c,$(C_FILES))))

# The version is in the file VERSION alone.
build/gen/lib/base/version.h: VERSION
	@echo "GEN  $@"
	$(Q)mkdir -p $(@D)
	$(Q)printf '/* Made from VERSION. */\n#define FG_VERSION "%s"\n' "$$(cat VERSION)" > $@

build/gen/%.pb.c build/gen/%.pb.h: %.proto $(wildcard $(PROTOS:.proto=.options))
	@echo "GEN  $<"
	$(Q)mkdir -p $(@D)
	$(Q)nanopb_generator.py -q -D build/gen $<

# The pages of panel and bureau, built into their programs.
PANEL_PAGES := firmware/panel/pages
WEB_PAGES := host/bureau/pages
build/gen/panel_files.c: $(shell find $(PANEL_PAGES)) tools/page_files.sh
	@echo "GEN  $(PANEL_PAGES)"
	$(Q)tools/page_files.sh $(PANEL_PAGES) $@ fg_panel_files
$(WEB_MODULES).done: host/bureau/npm/package-lock.json
	$(Q)cmp -s $< $@ || { echo "the charts of the bureau's pages are missing or of another version; run: make setup" >&2; exit 1; }
	$(Q)touch $@
build/gen/web_files.c: $(shell find $(WEB_PAGES)) tools/page_files.sh $(WEB_MODULES).done
	@echo "GEN  $(WEB_PAGES)"
	$(Q)tools/page_files.sh $(WEB_PAGES) $@ fg_web_files $(WEB_MODULES)

# Of the variant clang nothing is run: its objects are empty marks of a source that was checked.
$(B)/%.o: %.c Makefile | $(GEN_H)
	@echo "CC   $(VARIANT) $<"
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP $(if $(filter clang,$(VARIANT)),-MF $(@:.o=.d) -MT $@ $< && touch $@,-c -o $@ $<)

$(B)/gen/%.o: build/gen/%.c Makefile
	@echo "CC   $(VARIANT) $<"
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -Wno-conversion -c -o $@ $<

define room_library
$(B)/$(1).a: $(call objects_of,$(1))
	$$(Q)mkdir -p $$(@D)
	$$(Q)rm -f $$@
	$$(Q)ar qcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room_library,$(r))))

# $(call linked,PROGRAM,SOURCE,MORE OBJECTS)
define linked
$(1): $(call objects,$(2)) $(3) $(call links,$(2))
	@echo "LD   $$@"
	$$(Q)$$(CC) $$(LDFLAGS) -o $$@ $$^ $$(LDLIBS)
endef
$(foreach p,$(PROGRAM_NAMES),$(eval $(call linked,$(B)/$(p),$(MAIN_$(p)))))
$(foreach t,$(TEST_SRC),$(eval $(call linked,$(t:%.c=$(B)/%),$(t),$(B)/tests/lib/check.o)))
$(foreach f,$(FUZZ_SRC),$(eval $(call linked,$(f:tests/fuzz/%.c=$(B)/%),$(f))))
$(foreach b,$(BENCH_SRC),$(eval $(call linked,$(b:tests/bench/%.c=$(B)/%),$(b))))

# The reader's tests drive the real program.
$(B)/tests/unit/firmware/reader/test_watch: | $(B)/fillgate-reader

-include $(shell find $(B) -name '*.d' 2>/dev/null)
