# clickstream: small tools for live e-commerce clickstream analytics. `make help` says what there is.

VERSION  := 0.1.0
BUILD    ?= build
CC       ?= cc
CFLAGS   ?= -O2 -g
prefix   ?= /usr/local
bindir   ?= $(prefix)/bin
datadir  ?= $(prefix)/share
mandir   ?= $(datadir)/man

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 \
            -Wconversion -Wno-sign-conversion
WERROR   ?= -Werror
CS_CFLAGS := -std=gnu11 $(WARNINGS) $(WERROR) -D_GNU_SOURCE -Icommon -fno-strict-aliasing \
            -DCS_VERSION='"$(VERSION)"' -DCS_DATADIR='"$(datadir)"' -MMD -MP
LIBS     := -ljq -lunistring -lxxhash -lm -lpthread

COMMON   := $(patsubst common/%.c,$(BUILD)/common/%.o,$(wildcard common/*.c))
TOOLS    := $(patsubst cmd/%.c,$(BUILD)/%,$(wildcard cmd/*.c))
UNITS    := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*.c))

all: $(TOOLS) $(BUILD)/traffic

help:
	@echo 'make            the tools, in $(BUILD)/'
	@echo 'make check      every test (scripts/check installs what they need)'
	@echo 'make asan       the tests again under AddressSanitizer and UBSan'
	@echo 'make fuzz       the fuzz targets, a minute each'
	@echo 'make lint       clang-format, cppcheck, clang-tidy, shellcheck, mandoc'
	@echo 'make cover      line coverage of the tests'
	@echo 'make bench      against other engines; bench-quick: instructions per event'
	@echo 'make install    to DESTDIR$$(prefix); uninstall takes it away again'

$(BUILD)/common $(BUILD)/cmd $(BUILD)/unit $(BUILD)/samples:
	mkdir -p $@

# One file of the scanner is compiled once per instruction set; the best one is chosen at start.
ifneq ($(filter x86_64 amd64,$(shell uname -m)),)
$(BUILD)/common/scan_avx2.o: CS_CFLAGS += -mavx2 -mbmi -mbmi2 -mlzcnt
$(BUILD)/common/scan_avx512.o: CS_CFLAGS += -mavx2 -mbmi -mbmi2 -mlzcnt -mavx512f -mavx512bw -mavx512vl -mavx512dq
endif

$(BUILD)/common/%.o: common/%.c | $(BUILD)/common
	@echo CC $<
	@$(CC) $(CS_CFLAGS) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/cmd/%.o: cmd/%.c | $(BUILD)/cmd
	@echo CC $<
	@$(CC) $(CS_CFLAGS) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/samples/%.o: samples/%.c | $(BUILD)/samples
	@echo CC $<
	@$(CC) $(CS_CFLAGS) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/libcommon.a: $(COMMON)
	@rm -f $@
	@$(AR) rcs $@ $^

$(BUILD)/cs-%: $(BUILD)/cmd/cs-%.o $(BUILD)/libcommon.a
	@echo LD $@
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(BUILD)/libcommon.a $(LIBS)

$(BUILD)/traffic: $(patsubst samples/%.c,$(BUILD)/samples/%.o,$(wildcard samples/*.c))
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lm

$(BUILD)/unit/%: tests/unit/%.c $(BUILD)/libcommon.a | $(BUILD)/unit
	$(CC) $(CS_CFLAGS) -Itests/unit $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $(BUILD)/libcommon.a $(LIBS)

units: $(UNITS)

clean:
	rm -rf $(BUILD)

.PHONY: all help units clean
.SECONDARY:

-include $(wildcard $(BUILD)/*/*.d)
