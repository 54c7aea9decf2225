# clickstream: small tools for live e-commerce clickstream analytics. `make help` says what there is.

VERSION  := $(shell cat VERSION)
BUILD    ?= build
CC       ?= cc
CFLAGS   ?= -O2 -g
prefix   ?= /usr/local
bindir   ?= $(prefix)/bin
datadir  ?= $(prefix)/share
mandir   ?= $(datadir)/man

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 \
            -Wconversion -Wno-sign-conversion
# A newer compiler warns of more: that stops who works on the tools (scripts/check says DEVELOPER=1), nobody else.
WERROR   ?= $(if $(DEVELOPER),-Werror)
# Two words stored one by one and then copied as one vector have to wait for each other: without that
# vectorizer the tools are 2 to 4 % faster. Without contraction doubles are the same on every processor.
CS_CFLAGS := -std=gnu11 $(WARNINGS) $(WERROR) -D_GNU_SOURCE -Icommon -fno-strict-aliasing \
            -fno-tree-slp-vectorize -ffp-contract=off \
            -DCS_VERSION='"$(VERSION)"' -DCS_DATADIR='"$(datadir)"' -MMD -MP
# What is read comes from the network. HARDENING= leaves all of this out; it comes before CFLAGS, which may overrule it.
# Sanitizers bring their own, and _FORTIFY_SOURCE wants optimization.
ifeq ($(findstring -fsanitize,$(CFLAGS)),)
HARDENING ?= -fPIE -fstack-protector-strong -fstack-clash-protection \
             $(if $(filter -O1 -O2 -O3 -Os,$(CFLAGS)),$(if $(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),,$(FORTIFY)))
endif
FORTIFY  := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
BOUND_AT_START := -pie -Wl,-z,relro,-z,now
HARDENED_LINK := $(if $(HARDENING),$(BOUND_AT_START))
CS_CFLAGS += $(HARDENING)
# nettle (SHA-256), zlib, libmicrohttpd and ncurses are loaded by what uses them alone. Later versions of libjq than the one at hand look for the
# function that is named (common/expr/jq_limits.c).
# JQ_STATIC=1 for a libjq.a that was compiled to call ours (packaging/static does that).
CS_CFLAGS += $(if $(JQ_STATIC),-DCS_JQ_STATIC)
LIBS     := -Wl,--export-dynamic-symbol=jv_number_with_literal \
  -ljq -lunistring -lxxhash -lm -lpthread \
  -Wl,--as-needed -lnettle -lz -lmicrohttpd -lncursesw -ltinfo -Wl,--no-as-needed

# Apple's linker has other words for the one half, and nothing for the other.
ifeq ($(shell uname -s),Darwin)
BOUND_AT_START :=
LIBS     := -ljq -lunistring -lxxhash -lm -lpthread -lnettle -lz -lmicrohttpd -lncurses
endif

COMMON   := $(patsubst %.c,$(BUILD)/%.o,$(wildcard common/*/*.c))
TOOLS    := $(patsubst cmd/%.c,$(BUILD)/%,$(wildcard cmd/*.c))
UNITS    := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*.c))

# The lists of --derive are made once, by the first build that finds npm; one in a directory of another build finds
# those. Without npm all else is built. A tarball of `make dist` brings them.
LISTS    := $(firstword $(wildcard $(BUILD)/../share/made share/made) $(BUILD)/share/made)

# The page of cs-report, likewise: of scripts/web/report and a package of npm.
PAGE     := $(firstword $(wildcard $(BUILD)/../share/page.made share/page.made) $(BUILD)/share/page.made)

# What is shell works where it stands; in $(BUILD) are links to it, so that one directory in PATH has everything.
SCRIPTS  := scripts/cs-ship scripts/cs-look scripts/cs-parallel scripts/cs-spark
LINKS    := $(SCRIPTS:scripts/%=$(BUILD)/%)

# The snippet for web pages, minified. Without esbuild it is left out, and all else is built; a tarball brings it, too.
SNIPPET  := $(firstword $(wildcard share/cs.js) $(BUILD)/web/cs.js)

all: $(TOOLS) $(LINKS) $(BUILD)/traffic $(LISTS) $(PAGE) $(SNIPPET)

$(LINKS): $(BUILD)/%: scripts/%
	@mkdir -p $(@D)
	@ln -srfT $< $@

$(BUILD)/share/made:
	@scripts/lists/make $(@D)
	@touch $@

$(BUILD)/web/cs.js: scripts/web/cs.js scripts/web/make
	@scripts/web/make $< $@

lists:
	@rm -f $(LISTS)
	@$(MAKE) --no-print-directory $(LISTS)

$(BUILD)/share/page.made: $(wildcard scripts/web/report/*)
	@scripts/web/report/make $(@D)
	@touch $@

page:
	@rm -f $(PAGE)
	@$(MAKE) --no-print-directory $(PAGE)

help:
	@echo 'make            the tools, in $(BUILD)/'
	@echo 'make lists      the lists of cs-parse --derive again, where npm was missing'
	@echo 'make page       the page of cs-report again, where npm or esbuild were missing'
	@echo 'make check      every test (scripts/check installs what they need)'
	@echo 'make check-kafka  only those with Apache Kafka itself; FULL=1: 50 kills of each tool'
	@echo 'make check-spark  only those with Apache Spark: a cluster on this machine'
	@echo 'make asan       the tests again under AddressSanitizer and UBSan'
	@echo 'make fuzz       the fuzz targets, a minute each'
	@echo 'make lint       clang-format, cppcheck, clang-tidy, shellcheck, mandoc'
	@echo 'make format     writes every C file as clang-format would'
	@echo 'make cover      line coverage of the tests'
	@echo 'make bench      against other engines; bench-quick: instructions per event'
	@echo 'make screenshot the picture of README.md again: needs chromium and pngquant'
	@echo 'make install    to DESTDIR$$(prefix), or install-strip; uninstall takes it away again'
	@echo 'make multicall  all tools as one program with a name for each, in $(BUILD)/multi; make install MULTICALL=1'
	@echo 'make check-portable  does every file compile for musl, FreeBSD and macOS?'
	@echo 'make dist       $(BUILD)/clickstream-$(VERSION).tar.gz, of what is committed; make deb: packages of it'
	@echo 'make static     one program without a library for any Linux: $(BUILD)/clickstream-$(VERSION)-ARCH-linux.tar.gz'
	@echo 'make image      a container image, as a directory in the form of OCI: $(BUILD)/image'

$(sort $(dir $(COMMON))) $(BUILD)/cmd $(BUILD)/unit $(BUILD)/samples/traffic:
	mkdir -p $@

# gcc zeroes what is longer than 80 bytes by an instruction, rep stos, that takes as long to begin as the few stores it
# saves. Other compilers do not know that option, nor do it. And one file of the scanner is compiled once per instruction
# set; the best one is chosen at start.
STORES   := -mmemset-strategy=unrolled_loop:256:noalign,libcall:-1:noalign
ifneq ($(filter x86_64% amd64%,$(shell $(CC) -dumpmachine)),)
CS_CFLAGS += $(shell $(CC) -Werror $(STORES) -E -x c /dev/null >/dev/null 2>&1 && echo '$(STORES)')
$(BUILD)/common/event/scan_avx2.o: CS_CFLAGS += -mavx2 -mbmi -mbmi2 -mlzcnt
$(BUILD)/common/run/checksum_avx2.o: CS_CFLAGS += -mavx2
$(BUILD)/common/event/scan_avx512.o: CS_CFLAGS += -mavx2 -mbmi -mbmi2 -mlzcnt -mavx512f -mavx512bw -mavx512vl -mavx512dq
endif

# What runs for every event, or for a good part of them: counted by callgrind over the jobs of tests/bench/quick and what
# they leave out. All else may be compiled otherwise: SELDOM=-O0 is how scripts/check has its sanitizers in half the time,
# -Os how packaging/static keeps its size.
OFTEN    := $(addprefix common/admit/,admission batch dedup fate hold partition) \
            $(addprefix common/base/,buffer hyperloglog id instant json memory number object pool queue roster slab sort \
              sum table timer utf8 value) \
            $(addprefix common/event/,outline scan scan_avx2 scan_avx512 scan_neon scan_plain scan_shapes witness) \
            $(addprefix common/expr/,expr libjq_ask native native_truth sandbox) \
            $(addprefix common/funnel/,attempt funnel span trail) \
            $(addprefix common/people/,junk links people rate stamp waiting) \
            $(addprefix common/raw/,accesslog canonical changes columns csv event_hash format host jsonstream logline logtime \
              logvalue made_id) \
            $(addprefix common/run/,checksum_avx2 framed intake translated) \
            $(addprefix common/session/,alert attribute block cart episode extras field identity ledger name pages products session \
              stretch timeline track turns visit_rows watch) \
            $(addprefix common/source/,frame input) \
            $(addprefix common/window/,aggregate aggregate_approximate aggregate_count aggregate_number aggregate_top group \
              window window_panes) \
            $(addprefix common/writer/,output rows) \
            $(addprefix cmd/,cs-parse cs-sessionize) \
            $(basename $(wildcard common/collect/*.c))

# SMALL=1, as for packages: what runs often is compiled for speed, without copying functions into others; all else is
# compiled for size. What nothing calls is left out. Instructions that stand in the order in which they were written pack
# a twenty-fifth better, and processors reorder them anyway.
ifdef SMALL
SECTIONS := -ffunction-sections -fdata-sections -fno-schedule-insns2
SELDOM   := $(SECTIONS) -Os
$(OFTEN:%=$(BUILD)/%.o) $(patsubst cmd/%,$(BUILD)/multi/%.o,$(filter cmd/%,$(OFTEN))): \
  TUNING := $(SECTIONS) -fno-inline-functions -fno-align-functions -fno-align-loops -fno-align-jumps
LIBS     += -Wl,--gc-sections
else
$(OFTEN:%=$(BUILD)/%.o): TUNING :=
endif
TUNING    = $(SELDOM)

$(BUILD)/common/%.o: common/%.c | $(sort $(dir $(COMMON)))
	@echo CC $<
	@$(CC) $(CS_CFLAGS) $(CPPFLAGS) $(CFLAGS) $(TUNING) -c -o $@ $<

$(BUILD)/cmd/%.o: cmd/%.c | $(BUILD)/cmd
	@echo CC $<
	@$(CC) $(CS_CFLAGS) $(CPPFLAGS) $(CFLAGS) $(TUNING) -c -o $@ $<

$(BUILD)/samples/%.o: samples/%.c | $(BUILD)/samples/traffic
	@echo CC $<
	@$(CC) $(CS_CFLAGS) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/libcommon.a: $(COMMON)
	@rm -f $@
	@$(AR) rcs $@ $^

$(BUILD)/cs-%: $(BUILD)/cmd/cs-%.o $(BUILD)/libcommon.a
	@echo LD $@
	@rm -f $@
	@$(CC) $(CFLAGS) $(HARDENED_LINK) $(LDFLAGS) -o $@ $< $(BUILD)/libcommon.a $(LIBS)

$(BUILD)/traffic: $(patsubst %.c,$(BUILD)/%.o,$(wildcard samples/traffic/*.c))
	$(CC) $(CFLAGS) $(HARDENED_LINK) $(LDFLAGS) -o $@ $^ -lm

# A test itself need not be fast, what it tests is in the library: without optimization it is compiled in a third of the time.
UNIT_CFLAGS ?= -O0 -U_FORTIFY_SOURCE
# But for the one that judges a million lines itself.
$(BUILD)/unit/scan: UNIT_CFLAGS :=

$(BUILD)/unit/%: tests/unit/%.c $(BUILD)/libcommon.a | $(BUILD)/unit
	@echo LD $@
	@$(CC) $(CS_CFLAGS) -Itests/unit $(CPPFLAGS) $(CFLAGS) $(UNIT_CFLAGS) $(HARDENED_LINK) $(LDFLAGS) -o $@ $< $(BUILD)/libcommon.a $(LIBS)

# All tools as one program with a name for each: what packages bring, for a quarter of the size. ALONE='cs-collect' leaves
# that one a program of its own.
ALONE    ?=
TOOL_NAMES := $(filter-out $(ALONE),$(notdir $(TOOLS)))
MULTI    := $(TOOL_NAMES:%=$(BUILD)/multi/%.o)

$(BUILD)/multi:
	mkdir -p $@

$(BUILD)/multi/%.o: cmd/%.c | $(BUILD)/multi
	@echo CC $< for one program
	@$(CC) $(CS_CFLAGS) -Wno-missing-prototypes -Dmain=$(subst -,_,$*)_main $(CPPFLAGS) $(CFLAGS) $(TUNING) -c -o $@ $<

$(BUILD)/multi/clickstream: packaging/multicall.c $(MULTI) $(BUILD)/libcommon.a
	@echo LD $@
	@$(CC) $(CS_CFLAGS) -DTOOLS='$(foreach tool,$(TOOL_NAMES),TOOL("$(tool)", $(subst -,_,$(tool))_main))' $(CPPFLAGS) \
	  $(CFLAGS) $(HARDENED_LINK) $(LDFLAGS) -o $@ packaging/multicall.c $(MULTI) $(BUILD)/libcommon.a $(LIBS)

multicall: $(BUILD)/multi/clickstream
	@for tool in $(TOOL_NAMES); do ln -f $< $(BUILD)/multi/$$tool || exit 1; done

units: $(UNITS)

# The scanner and its test for another processor, all in one file; and what reads CSV.
ARM := $(addprefix base/,arena buffer compat die held hex json memory number numeral prefetch utf8 value) \
       $(addprefix event/,reason scan scan_neon scan_plain scan_shapes schema)

ARM_CSV := $(addprefix base/,buffer compat die held hex json memory utf8) raw/csv

$(BUILD)/arm/scan: tests/unit/scan.c $(ARM:%=common/%.c) common/event/scan_kernel.h common/base/bytemask.h
$(BUILD)/arm/csv: tests/unit/csv.c $(ARM_CSV:%=common/%.c) common/base/bytemask.h
$(BUILD)/arm/%:
	mkdir -p $(@D)
	aarch64-linux-gnu-gcc $(filter-out -MMD -MP $(STORES),$(CS_CFLAGS)) -Itests/unit $(CFLAGS) -static -o $@ $(filter %.c,$^) -lm

check-portable:
	BUILD=$(BUILD) packaging/portable

# ARCHS=x86_64 makes but one.
static: $(LISTS) $(PAGE) $(SNIPPET)
	BUILD=$(BUILD) packaging/static $(ARCHS)

image: $(LISTS) $(PAGE) $(SNIPPET)
	BUILD=$(BUILD) packaging/image || [ $$? = 77 ]

check asan lint check-kafka check-spark:
	scripts/check $(filter-out check,$(@:check-%=%))

format:
	clang-format -i $(wildcard common/*/*.[ch] cmd/*.[ch] samples/*/*.[ch] tests/*/*.[ch] packaging/*.[ch])

screenshot: all
	scripts/web/screenshot man/cs-look.png

# --- fuzzing: clang's libFuzzer; BUILD is a directory of its own, because the library is instrumented, too

FUZZERS  := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*.c))
FUZZ_SECONDS ?= 60

$(BUILD)/fuzz:
	mkdir -p $@

$(BUILD)/fuzz/%: tests/fuzz/%.c $(BUILD)/libcommon.a | $(BUILD)/fuzz
	@echo LD $@
	@$(CC) $(CS_CFLAGS) $(CPPFLAGS) $(CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $< $(BUILD)/libcommon.a $(LIBS)

fuzzers: $(FUZZERS)

fuzz:
	FUZZ_SECONDS=$(FUZZ_SECONDS) scripts/check fuzz

# --- speed: beside other engines (tests/bench/README.md), and in instructions, which noise cannot change

bench: all
	BUILD=$(BUILD) tests/bench/run $(BENCH)

bench-quick: all
	BUILD=$(BUILD) tests/bench/quick || [ $$? = 77 ]

# --- coverage: the tests of a build that counts lines

cover:
	$(MAKE) BUILD=$(BUILD)/cover CFLAGS='-O0 -g --coverage' LDFLAGS=--coverage all units
	-find $(BUILD)/cover -name '*.gcda' -delete
	-BUILD=$(BUILD)/cover CFLAGS='-O0 -g --coverage' LDFLAGS=--coverage scripts/check unit bats
	@for file in common/*/*.c cmd/*.c; do gcov -n -o $(BUILD)/cover/$${file%.c}.o $$file 2>/dev/null; done | \
	  awk '/^File/ { file = substr($$2, 2, length($$2) - 2) } \
	       /^Lines/ && file ~ /^(common|cmd)\/.*\.c$$/ { split($$2, part, /[:%]/); all += $$4; ran += $$4 * part[2] / 100; \
	         printf "%6.2f %% of %5d lines  %s\n", part[2], $$4, file; file = "" } \
	       END { printf "%6.2f %% of %5d lines\n", all ? 100 * ran / all : 0, all }'

# --- installing

BASHCOMP := $(datadir)/bash-completion/completions
ZSHCOMP  := $(datadir)/zsh/site-functions
DOC      := $(datadir)/doc/clickstream
UNITDIR  ?= $(prefix)/lib/systemd/system
SYSUSERS ?= $(prefix)/lib/sysusers.d
TMPFILES ?= $(prefix)/lib/tmpfiles.d
SERVICES := $(wildcard scripts/systemd/*.socket scripts/systemd/*.service scripts/systemd/*.timer scripts/systemd/*.target)
EXAMPLES := $(wildcard scripts/systemd/*.cron scripts/systemd/*.options scripts/systemd/*.alert samples/prometheus/* samples/grafana/* \
            samples/proxies/* samples/bi/*) samples/clicks.ndjson
COMMANDS := $(notdir $(TOOLS) $(SCRIPTS))
COMPLETION := $(COMMANDS:%=$(BUILD)/completion/bash/%) $(COMMANDS:%=$(BUILD)/completion/zsh/_%)

$(BUILD)/completion/bash $(BUILD)/completion/zsh:
	mkdir -p $@

$(BUILD)/completion/bash/%: $(BUILD)/% scripts/completion | $(BUILD)/completion/bash
	@scripts/completion bash $< >$@

$(BUILD)/completion/zsh/_%: $(BUILD)/% scripts/completion | $(BUILD)/completion/zsh
	@scripts/completion zsh $< >$@

completion: $(COMPLETION)

# Where views, maps and lists are looked for is compiled in: another prefix than last time is another program.
$(BUILD)/datadir: always | $(BUILD)/cmd
	@echo '$(datadir)' | cmp -s - $@ || echo '$(datadir)' >$@

$(BUILD)/common/base/share.o: $(BUILD)/datadir
$(BUILD)/common/base/option.o: VERSION

# MULTICALL=1: one program, with a hard link for each tool.
install: $(if $(MULTICALL),multicall $(ALONE:%=$(BUILD)/%),$(TOOLS)) $(LINKS) $(LISTS) $(PAGE) $(SNIPPET) completion
	install -d $(DESTDIR)$(bindir) $(DESTDIR)$(mandir)/man1 $(DESTDIR)$(mandir)/man7 $(DESTDIR)$(DOC)/examples \
	  $(DESTDIR)$(datadir)/clickstream/views $(DESTDIR)$(datadir)/clickstream/maps $(DESTDIR)$(BASHCOMP) $(DESTDIR)$(ZSHCOMP) \
	  $(DESTDIR)$(UNITDIR) $(DESTDIR)$(SYSUSERS) $(DESTDIR)$(TMPFILES)
ifdef MULTICALL
	install $(STRIP) -m 755 $(BUILD)/multi/clickstream $(DESTDIR)$(bindir)/$(firstword $(TOOL_NAMES))
	for tool in $(wordlist 2,$(words $(TOOL_NAMES)),$(TOOL_NAMES)); do \
	  ln -f $(DESTDIR)$(bindir)/$(firstword $(TOOL_NAMES)) $(DESTDIR)$(bindir)/$$tool || exit 1; \
	done
	$(if $(ALONE),install $(STRIP) -m 755 $(ALONE:%=$(BUILD)/%) $(DESTDIR)$(bindir))
else
	install $(STRIP) -m 755 $(TOOLS) $(DESTDIR)$(bindir)
endif
	install -m 755 $(SCRIPTS) $(DESTDIR)$(bindir)
	for page in man/*.[17]; do \
	  to=$(DESTDIR)$(mandir)/man$${page##*.}/$${page#man/} && \
	  sed 's/^[.]Os clickstream$$/.Os clickstream $(VERSION)/' $$page >$$to && chmod 644 $$to || exit 1; \
	done
	install -m 644 samples/views/* $(DESTDIR)$(datadir)/clickstream/views
	install -m 644 samples/maps/* $(DESTDIR)$(datadir)/clickstream/maps
	for list in $(dir $(LISTS))*.txt $(dir $(PAGE))report.html; do \
	  [ ! -f $$list ] || install -m 644 $$list $(DESTDIR)$(datadir)/clickstream || exit 1; \
	done
	[ ! -f $(SNIPPET) ] || install -m 644 $(SNIPPET) $(DESTDIR)$(datadir)/clickstream
	install -m 755 scripts/systemd/alert $(DESTDIR)$(datadir)/clickstream
	install -m 644 scripts/ship-postgres.bash scripts/ship-postgres.sql $(DESTDIR)$(datadir)/clickstream
	sed -i 's,/usr/local/share/,$(datadir)/,' $(DESTDIR)$(bindir)/cs-ship
	sed -i "s/^version=''$$/version=$(VERSION)/" $(SCRIPTS:scripts/%=$(DESTDIR)$(bindir)/%)
	install -m 644 README.md CHANGELOG.md SECURITY.md LICENSE $(DESTDIR)$(DOC)
	install -m 644 $(EXAMPLES) $(DESTDIR)$(DOC)/examples
	for unit in $(notdir $(SERVICES)); do \
	  sed 's,/usr/local/bin/,$(bindir)/,; s,/usr/local/share/,$(datadir)/,' scripts/systemd/$$unit >$(DESTDIR)$(UNITDIR)/$$unit && \
	  chmod 644 $(DESTDIR)$(UNITDIR)/$$unit || exit 1; \
	done
	install -m 644 scripts/systemd/clickstream.sysusers $(DESTDIR)$(SYSUSERS)/clickstream.conf
	install -m 644 scripts/systemd/clickstream.tmpfiles $(DESTDIR)$(TMPFILES)/clickstream.conf
	install -m 644 $(BUILD)/completion/bash/cs-* $(DESTDIR)$(BASHCOMP)
	install -m 644 $(BUILD)/completion/zsh/_cs-* $(DESTDIR)$(ZSHCOMP)

# A fifth of the size, and nothing for a debugger.
install-strip:
	$(MAKE) --no-print-directory install STRIP=-s

uninstall:
	rm -f $(COMMANDS:%=$(DESTDIR)$(bindir)/%) $(patsubst scripts/systemd/%,$(DESTDIR)$(UNITDIR)/%,$(SERVICES)) \
	  $(patsubst man/%,$(DESTDIR)$(mandir)/man1/%,$(wildcard man/*.1)) \
	  $(patsubst man/%,$(DESTDIR)$(mandir)/man7/%,$(wildcard man/*.7)) \
	  $(COMMANDS:%=$(DESTDIR)$(BASHCOMP)/%) $(COMMANDS:%=$(DESTDIR)$(ZSHCOMP)/_%) \
	  $(DESTDIR)$(SYSUSERS)/clickstream.conf $(DESTDIR)$(TMPFILES)/clickstream.conf
	rm -rf $(DESTDIR)$(datadir)/clickstream $(DESTDIR)$(DOC)

# The same bytes for the same commit: git archive gives every file the commit's time. What npm and esbuild make comes with it.
DIST     := clickstream-$(VERSION)
dist: $(LISTS) $(PAGE) $(SNIPPET)
	git archive $(foreach file,$(wildcard $(dir $(LISTS))* $(SNIPPET)),--prefix=$(DIST)/share/ --add-file=$(file)) \
	  --prefix=$(DIST)/ HEAD | gzip -n -9 >$(BUILD)/$(DIST).tar.gz
	cd $(BUILD) && sha256sum $(DIST).tar.gz >$(DIST).tar.gz.sha256

# Debian's packages, of the same: in $(BUILD)/deb.
deb: dist
	rm -rf $(BUILD)/deb && mkdir $(BUILD)/deb
	tar -C $(BUILD)/deb -xzf $(BUILD)/$(DIST).tar.gz
	cd $(BUILD)/deb/$(DIST) && dpkg-buildpackage -us -uc -b

clean:
	rm -rf $(BUILD)

.PHONY: all always help multicall lists units check check-kafka check-portable check-spark static image asan lint format fuzzers fuzz bench bench-quick \
        cover completion screenshot \
        install install-strip uninstall dist deb clean
.SECONDARY:

-include $(wildcard $(BUILD)/*/*.d $(BUILD)/*/*/*.d)
