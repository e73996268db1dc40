# Starling: builds into build/, one folder per flavour.
#   make           release programs (build/chassisd, build/starsh)
#   make unit      unit tests (address and undefined-behaviour sanitizers)
#   make model sim optimised, assertions on; a tenth of the seeds again under sanitizers
#   make spin      the Spin model of election and switchover, and that it is the table's
#   make mutate    alters every row of every state machine, and says what notices it (docs/reports/mutation.md)
#   make fuzz      libFuzzer targets (clang); FUZZ_SECONDS bounds each
#   make docs      docs/COMMANDS.md WIRE.md FSM.md LOGS.md from the tables
#   make install   DESTDIR, prefix
#   make bench     the table of figures, release build
# A layer is an archive; a unit test tests/unit/<layer>_<name>.c links its layer and those below it.

CC       ?= gcc
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wno-format-nonliteral \
            -Wwrite-strings -Wvla -Werror
CFLAGS   := -std=c11 -D_GNU_SOURCE -g $(WARN) -I.
# chassisd is optimised as a whole, which takes a fifth off an update; other programs take the same objects as they are.
RELEASE  := -O3
LTO      := -flto=2 -ffat-lto-objects
PLAIN    := -O2
SANITIZE := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -DSTARLING_TEST
VERSION  := $(shell cat VERSION 2>/dev/null || echo 0)
COMMIT   := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)

# Layers, lowest first. DEPS: the archives a unit test of that layer links, its own first.
LAYERS          := base task store srp checkpoint monitor session gateway cli license chassis
DEPS_base       := base
DEPS_task       := task base
DEPS_store      := store base
DEPS_srp        := srp base
DEPS_checkpoint := checkpoint session base
DEPS_monitor    := monitor base
DEPS_session    := session checkpoint task base
DEPS_gateway    := gateway session checkpoint task base
DEPS_cli        := cli base
DEPS_license    := license cli base
DEPS_chassis    := chassis license cli gateway session checkpoint monitor srp store task base
# ISA-L (libisal) is used where it is installed at build time; ISAL= builds without it.
ISAL            ?= $(shell echo '\#include <isa-l/igzip_lib.h>' | $(CC) -E -xc - >/dev/null 2>&1 && echo yes)
CFLAGS          += $(if $(ISAL),-DSTARLING_ISAL)
ISAL_LIB        := $(if $(ISAL),-lisal)
LIBS            := -lcli -levent_core -lsqlite3 -lz -llz4 $(ISAL_LIB) -lcrypto -ljansson

MAINS    := chassis/chassisd.c license/starling_license.c $(wildcard cli/starsh*.c)
SRC       = $(filter-out $(MAINS),$(wildcard $(1)/*.c))
OBJ       = $(patsubst %.c,build/$(1)/obj/%.o,$(call SRC,$(2)))

.PHONY: all unit model sim fuzz bench clean format docs install
all: build/chassisd build/starsh build/starling-license build/gtp_client build/bench/bulk build/bench/proof build/bench/callgen

build/release/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) $(RELEASE) $(LTO) -MMD -MP -c $< -o $@
build/asan/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) $(SANITIZE) -MMD -MP -c $< -o $@
build/fuzz/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	@clang $(CFLAGS) -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -DSTARLING_TEST -MMD -MP -c $< -o $@

# For make mutate: optimised, assertions on, one row of one state machine altered by the environment.
build/mutant/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) $(PLAIN) -DSTARLING_MUTANT -MMD -MP -c $< -o $@

define layer
build/$(1)/lib$(2).a: $$(call OBJ,$(1),$(2))
	@rm -f $$@
	@gcc-ar rcs $$@ $$^
endef
$(foreach f,release asan fuzz mutant,$(foreach l,$(LAYERS),$(eval $(call layer,$(f),$(l)))))

archives  = $(patsubst %,build/$(1)/lib%.a,$(DEPS_$(2)))

build/release/obj/chassis/build_info.o: CFLAGS += -DBUILD_VERSION='"$(VERSION)"' -DBUILD_COMMIT='"$(COMMIT)"'
build/asan/obj/chassis/build_info.o: CFLAGS += -DBUILD_VERSION='"$(VERSION)"' -DBUILD_COMMIT='"$(COMMIT)"'
build/fuzz/obj/chassis/build_info.o: CFLAGS += -DBUILD_VERSION='"$(VERSION)"' -DBUILD_COMMIT='"$(COMMIT)"'
build/mutant/obj/chassis/build_info.o: CFLAGS += -DBUILD_VERSION='"$(VERSION)"' -DBUILD_COMMIT='"$(COMMIT)"'

build/chassisd: build/release/obj/chassis/chassisd.o $(call archives,release,chassis)
	@$(CC) $(RELEASE) $(LTO) -g -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS)
build/asan/chassisd: build/asan/obj/chassis/chassisd.o $(call archives,asan,chassis)
	@$(CC) $(SANITIZE) -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS)
build/starling-license: build/release/obj/license/starling_license.o build/release/obj/license/license.o build/release/libbase.a
	@$(CC) -o $@ $^ $(ISAL_LIB) -lcrypto
# readline is loaded by the interactive shell itself (cli/starsh_readline.h), not linked.
build/starsh: $(patsubst %.c,build/release/obj/%.o,$(wildcard cli/starsh*.c) cli/cli_proto.c) build/release/libbase.a
	@$(CC) -o $@ $^ $(ISAL_LIB)
build/gtp_client: $(patsubst %.c,build/release/obj/%.o,$(wildcard tests/gtp_client/*.c)) $(call archives,release,gateway)
	@$(CC) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group -lz -llz4 $(ISAL_LIB)

# --- documents made of the tables ------------------------------------------------------------------------
build/tables: build/release/obj/docs/tables.o $(call archives,release,chassis)
	@$(CC) -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS)
DOCS ?= docs
docs: build/tables
	@mkdir -p $(DOCS)
	@for page in commands wire fsm logs; do \
		build/tables $$page >build/$$page.md && mv build/$$page.md $(DOCS)/$$(echo $$page | tr a-z A-Z).md || exit 1; done

# --- unit tests -----------------------------------------------------------------------------------
UNIT      := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*.c))
layer_of   = $(firstword $(subst _, ,$(1)))
define unit_test
build/$(2)/unit/$(1): build/$(2)/obj/tests/unit/$(1).o $(call archives,$(2),$(call layer_of,$(1)))
	@mkdir -p $$(@D)
	@$(CC) $(if $(filter asan,$(2)),$(SANITIZE)) -o $$@ $$< -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $(LIBS) -lcmocka
endef
$(foreach f,asan mutant,$(foreach t,$(UNIT),$(eval $(call unit_test,$(t),$(f)))))
unit: $(UNIT:%=build/asan/unit/%)
	@tests/run_unit $^

# --- model and simulation: tests/model/<layer>_<name>.c, tests/sim/<layer>_<name>.c -------------------
# The pair has guard timers as well.
LAYER_srp_pair := chassis
define long_test
build/$(2)/$(3)/$(1): build/$(2)/obj/tests/$(3)/$(1).o $(call archives,$(2),$(or $(LAYER_$(1)),$(call layer_of,$(1))))
	@mkdir -p $$(@D)
	@$(CC) $(if $(filter asan,$(2)),$(SANITIZE)) -o $$@ $$< -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $(LIBS)
endef
MODEL := $(patsubst tests/model/%.c,%,$(wildcard tests/model/*.c))
SIM   := $(patsubst tests/sim/%.c,%,$(wildcard tests/sim/*.c))
$(foreach f,release asan mutant,$(foreach t,$(MODEL),$(eval $(call long_test,$(t),$(f),model))))
$(foreach f,release asan mutant,$(foreach t,$(SIM),$(eval $(call long_test,$(t),$(f),sim))))
model: $(MODEL:%=build/release/model/%)
	@tests/run_long model $^
sim: $(SIM:%=build/release/sim/%) $(SIM:%=build/asan/sim/%)
	@tests/run_long sim $^

# A second opinion on the redundancy engine, by another tool; LONG=1 for the searches that take minutes.
.PHONY: spin
spin: build/tables
	@build/tables fsm >build/fsm.md
	@tests/spin/run $(CURDIR)/build/fsm.md

# --- fuzz: tests/fuzz/<layer>_<name>.c --------------------------------------------------------------
FUZZ         := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
FUZZ_SECONDS ?= 20
define fuzz_target
build/fuzz/$(1): build/fuzz/obj/tests/fuzz/$(1).o $(call archives,fuzz,$(call layer_of,$(1)))
	@clang -fsanitize=fuzzer,address,undefined -o $$@ $$< -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $(LIBS)
endef
$(foreach t,$(FUZZ),$(eval $(call fuzz_target,$(t))))
fuzz: $(FUZZ:%=build/fuzz/%)
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tests/run_fuzz $^

build/bench/peers build/bench/standstill: build/bench/%: tests/bench/%.c Makefile
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) $(PLAIN) -o $@ $< -pthread
build/bench/proof: build/release/obj/tests/bench/proof.o $(call archives,release,session)
	@mkdir -p $(@D)
	@$(CC) -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group -lz -llz4 $(ISAL_LIB) -ljansson
build/bench/bulk: build/release/obj/tests/bench/bulk.o $(call archives,release,gateway)
	@mkdir -p $(@D)
	@$(CC) -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group -lz -llz4 $(ISAL_LIB)
build/bench/callgen: $(patsubst %.c,build/release/obj/%.o,$(wildcard tests/bench/callgen/*.c) tests/gtp_client/sgsn.c) $(call archives,release,gateway)
	@mkdir -p $(@D)
	@$(CC) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group -lz -llz4 $(ISAL_LIB) -lm
build/bench/%: tests/bench/anchors/%.c tests/bench/anchors/bench_util.h tests/bench/anchors/gen_sessions.h tests/bench/anchors/codec.h
	@mkdir -p $(@D)
	@$(CC) -O2 $(if $(ISAL),-DHAVE_ISAL) -o $@ $< -pthread -llz4 -lz -lzstd $(ISAL_LIB)
BENCH := $(addprefix build/bench/,peers standstill proof bulk callgen floor_sync redis_client memwarm)
bench: all $(BENCH)
	@bash -c '. tests/lib.sh && packages_install "$${BENCH_PACKAGES[@]}"'
	@tests/bench/run

# Rows altered, one at a time; mutate writes the page, mutation is the part of ./check.
MUTATE_UNITS := srp_decides srp_rows srp_engine srp_switchover srp_monitors srp_early srp_gates srp_parameters srp_post monitor_guard
MUTATE       := $(MUTATE_UNITS:%=build/mutant/unit/%) $(MODEL:%=build/mutant/model/%) build/mutant/sim/srp_pair build/tables
.PHONY: mutate mutation
mutate: $(MUTATE)
	@nice tests/mutate --report docs/reports/mutation.md
mutation: $(MUTATE)
	@tests/mutate

# What ./check builds before it starts its parts side by side.
.PHONY: check-build-unit check-build-model check-build-sim check-build-fuzz check-build-mutation
check-build-mutation: $(MUTATE)
check-build-unit: $(UNIT:%=build/asan/unit/%)
check-build-model: $(MODEL:%=build/release/model/%)
check-build-sim: $(SIM:%=build/release/sim/%) $(SIM:%=build/asan/sim/%)
check-build-fuzz: $(FUZZ:%=build/fuzz/%)

# --- installation: make install DESTDIR=/tmp/x prefix=/usr ------------------------------------------------
prefix     ?= /usr/local
bindir     ?= $(prefix)/bin
sbindir    ?= $(prefix)/sbin
mandir     ?= $(prefix)/share/man
datadir    ?= $(prefix)/share/starling
unitdir    ?= $(prefix)/lib/systemd/system
sysusersdir ?= $(prefix)/lib/sysusers.d
install: build/chassisd build/starsh
	@install -D -m 755 build/chassisd $(DESTDIR)$(sbindir)/chassisd
	@install -D -m 755 build/starsh $(DESTDIR)$(bindir)/starsh
	@install -D -m 644 docs/man/chassisd.8 $(DESTDIR)$(mandir)/man8/chassisd.8
	@install -D -m 644 docs/man/starsh.1 $(DESTDIR)$(mandir)/man1/starsh.1
	@install -d $(DESTDIR)$(unitdir) $(DESTDIR)$(datadir)/sshd $(DESTDIR)$(datadir)/docs
	@sed 's|@sbindir@|$(sbindir)|' configs/systemd/starling@.service.in >$(DESTDIR)$(unitdir)/starling@.service
	@install -D -m 644 configs/systemd/starling.sysusers $(DESTDIR)$(sysusersdir)/starling.conf
	@install -m 644 configs/lab-a.cfg configs/lab-b.cfg $(DESTDIR)$(datadir)/
	@install -m 644 configs/sshd/sshd_config.in $(DESTDIR)$(datadir)/sshd/
	@install -m 755 configs/sshd/setup $(DESTDIR)$(datadir)/sshd/
	@install -m 644 README.md docs/*.md $(DESTDIR)$(datadir)/docs/

format:
	@clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	@rm -rf build

-include $(shell find build -name '*.d' 2>/dev/null)
.SECONDARY:
