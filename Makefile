# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# `make help` lists the targets. Set CC, CLANG, CFLAGS, LDFLAGS, PREFIX, DESTDIR or V=1 as you like.

VERSION    := 0.1.0
CC         ?= cc
CLANG      ?= clang
BPFTOOL    ?= $(firstword $(wildcard /usr/sbin/bpftool /sbin/bpftool) bpftool)
PKG_CONFIG ?= pkg-config
PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
MANDIR     ?= $(PREFIX)/share/man
BUILD      ?= build
CFLAGS     ?= -O2 -g
ARCH       := $(shell uname -m | sed 's/x86_64/x86/; s/aarch64/arm64/')
SANITIZE   ?=

Q := $(if $(filter 1,$(V)),,@)

libs         := libbpf libelf jansson
warnings     := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
                -Wpointer-arith -Wwrite-strings -Wvla -Wformat=2
all_cflags    = -std=gnu17 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' $(warnings) -I. -I$(BUILD) \
                $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all) \
                $(shell $(PKG_CONFIG) --cflags $(libs) 2>/dev/null) $(CPPFLAGS) $(CFLAGS)
all_ldflags   = $(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(LDFLAGS)
ldlibs        = $(shell $(PKG_CONFIG) --libs $(libs) 2>/dev/null) $(LDLIBS)
bpf_cflags    = -g -O2 -std=gnu17 -target bpf -mcpu=v3 -Wall -Wextra -Werror -Wno-unused-parameter -I. -D__TARGET_ARCH_$(ARCH) \
                $(shell $(PKG_CONFIG) --cflags libbpf 2>/dev/null) \
                -idirafter /usr/include/$(shell $(CC) -print-multiarch 2>/dev/null)

parts      := $(wildcard capture/*.c emit/*.c)
objects    := $(parts:%.c=$(BUILD)/%.o) $(BUILD)/templates.o
main       := $(BUILD)/sockfixture.o
skeletons  := $(patsubst bpf/%.bpf.c,$(BUILD)/bpf/%.skel.h,$(wildcard bpf/*.bpf.c))
templates  := $(sort $(wildcard templates/*.mustache))
unit_tests := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/*_test.c))
programs   := $(patsubst tests/programs/%.c,$(BUILD)/tests/programs/%,$(wildcard tests/programs/*.c))
sources    := sockfixture.c $(wildcard */*.c */*.h tests/*/*.c tests/*/*.h)
scripts    := .ci/run $(shell grep -lE '^\#!.*\b(sh|bash)$$' tests/* tests/*/* templates/* examples/* examples/*/* 2>/dev/null)

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all deps demo test unit check-bats test-programs install uninstall lint format clean help

all: $(BUILD)/sockfixture ## Build the program (the default)

$(BUILD)/sockfixture: $(main) $(objects)
	@echo "  LINK  $@"
	$(Q)$(CC) $(all_cflags) $(all_ldflags) -o $@ $^ $(ldlibs)

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(all_cflags) -MMD -MP -c -o $@ $<

$(BUILD)/templates.o: $(BUILD)/templates.c
	$(Q)$(CC) $(all_cflags) -c -o $@ $<

$(BUILD)/templates.c: templates/embed.sh $(templates) $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  GEN   $@"
	$(Q)templates/embed.sh $(templates) > $@

# Backends include the skeletons; clang's own -MMD keeps those in step with bpf/*.h.
$(BUILD)/capture/%.o: | $(skeletons)

$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  BPF   $<"
	$(Q)$(CLANG) $(bpf_cflags) -MMD -MP -MT $@ -MF $(@:.o=.d) -c -o $@ $<

$(BUILD)/bpf/%.skel.h: $(BUILD)/bpf/%.bpf.o
	@echo "  SKEL  $@"
	$(Q)$(BPFTOOL) gen skeleton $< name $(*F)_bpf > $@

# Whatever decides how things are compiled: when it changes, everything is compiled again.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(CLANG) $(all_cflags) $(all_ldflags) $(bpf_cflags) $(templates)' | cmp -s - $@ || \
		echo '$(CC) $(CLANG) $(all_cflags) $(all_ldflags) $(bpf_cflags) $(templates)' > $@
FORCE:

$(BUILD)/tests/unit/%: tests/unit/%.c $(objects)
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(all_cflags) $(all_ldflags) -MMD -MP -o $@ $< $(objects) $(ldlibs) -lcmocka

$(BUILD)/tests/programs/%: tests/programs/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(all_cflags) $(all_ldflags) -MMD -MP -o $@ $< -lpthread

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
