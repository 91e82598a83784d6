# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# `make help` lists the targets. Set CC, CLANG, CFLAGS, LDFLAGS, PREFIX, DESTDIR or V=1 as you like.

VERSION    := 0.1.0
CC         ?= cc
CLANG      ?= clang
BPFTOOL    ?= $(firstword $(lastword $(sort $(wildcard /usr/lib/linux-tools/*/bpftool))) \
                         $(wildcard /usr/sbin/bpftool /sbin/bpftool) bpftool)
PKG_CONFIG ?= pkg-config
PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
MANDIR     ?= $(PREFIX)/share/man
DATADIR    ?= $(PREFIX)/share/sockfixture
BASHDIR    ?= $(PREFIX)/share/bash-completion/completions
FISHDIR    ?= $(PREFIX)/share/fish/vendor_completions.d
ZSHDIR     ?= $(PREFIX)/share/zsh/site-functions
BUILD      ?= build
CFLAGS     ?= -O2 -g
ARCH       := $(shell uname -m | sed 's/x86_64/x86/; s/aarch64/arm64/')
SANITIZE   ?=

JOBS       ?= $(shell nproc)

Q := $(if $(filter 1,$(V)),,@)

libs         := libbpf libelf jansson
# Loaded when a capture is read (capture/libpcap.h), by the name under which others link to it.
libpcap      := $(shell readelf -d "$$($(CC) -print-file-name=libpcap.so)" 2>/dev/null | \
                  sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
warnings     := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
                -Wpointer-arith -Wwrite-strings -Wvla -Wformat=2
all_cflags    = -std=gnu17 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' $(warnings) -I. -I$(BUILD) \
                $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all) \
                -DLIBPCAP='"$(libpcap)"' $(shell $(PKG_CONFIG) --cflags $(libs) libpcap 2>/dev/null) $(CPPFLAGS) $(CFLAGS)
all_ldflags   = $(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(LDFLAGS)
ldlibs        = $(shell $(PKG_CONFIG) --libs $(libs) 2>/dev/null) $(LDLIBS)
bpf_cflags    = -g -O2 -std=gnu17 -target bpf -mcpu=v3 -Wall -Wextra -Werror -Wno-unused-parameter -I. -D__TARGET_ARCH_$(ARCH) \
                $(shell $(PKG_CONFIG) --cflags libbpf 2>/dev/null) \
                -idirafter /usr/include/$(shell $(CC) -print-multiarch 2>/dev/null)

parts      := $(wildcard capture/*.c emit/*.c capture/manifest/*.c capture/replay/*.c)
own        := $(wildcard *.c) $(parts)
manuals    := $(wildcard *.1 *.5)
objects    := $(parts:%.c=$(BUILD)/%.o) $(BUILD)/templates.o
main       := $(patsubst %.c,$(BUILD)/%.o,$(wildcard *.c))
skeletons  := $(patsubst bpf/%.bpf.c,$(BUILD)/bpf/%.skel.h,$(wildcard bpf/*.bpf.c))
templates  := $(sort $(wildcard templates/*.mustache))
unit_tests := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/*_test.c))
programs   := $(patsubst tests/programs/%.c,$(BUILD)/tests/programs/%,$(wildcard tests/programs/*.c))
bench_programs := $(addprefix $(BUILD)/tests/programs/,load hooks)
fuzzers    := $(patsubst tests/fuzz/%.c,$(BUILD)/tests/fuzz/%,$(wildcard tests/fuzz/*_fuzz.c))
sources    := $(wildcard *.c *.h) $(filter-out $(BUILD)/%,$(wildcard */*.c */*.h */*/*.c */*/*.h tests/*/*.c tests/*/*.h))
scripts    := .ci/run $(shell grep -lE '^\#!.*\b(sh|bash)$$' tests/* tests/*/* templates/* examples/* examples/*/* 2>/dev/null)

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all deps deps-demo deps-examples examples deps-test deps-lint deps-deb deps-fuzz deps-bench deps-vm demo test unit-tests \
        test-programs test-vm bench bench-vm dist deb clang sanitized valgrind coverage analyze tidy fuzz fuzzers fuzz-targets lint \
        format install uninstall clean help FORCE

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

$(BUILD)/templates.c: templates/embed.sh $(templates) $(BUILD)/templates.list
	@mkdir -p $(@D)
	@echo "  GEN   $@"
	$(Q)templates/embed.sh $(templates) > $@

# Backends include the skeletons; clang's own -MMD keeps those in step with bpf/*.h.
$(objects): | $(skeletons)

$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  BPF   $<"
	$(Q)$(CLANG) $(bpf_cflags) -MMD -MP -MT $@ -MF $(@:.o=.d) -c -o $@ $<

$(BUILD)/bpf/%.skel.h: $(BUILD)/bpf/%.bpf.o
	@echo "  SKEL  $@"
	$(Q)$(BPFTOOL) gen skeleton $< name $(*F)_bpf > $@

# Whatever decides how things are made: when it changes, what depends on it is made again.
define remember
	@mkdir -p $(@D)
	@echo '$(1)' | cmp -s - $@ || echo '$(1)' > $@
endef

$(BUILD)/flags: FORCE
	$(call remember,$(subst ','\'',$(CC) $(CLANG) $(all_cflags) $(all_ldflags) $(bpf_cflags)))

$(BUILD)/datadir: FORCE
	$(call remember,$(DATADIR))

$(BUILD)/templates.list: FORCE
	$(call remember,$(templates))

FORCE:

$(BUILD)/tests/unit/%: tests/unit/%.c $(objects)
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(all_cflags) $(all_ldflags) -MMD -MP -o $@ $< $(objects) $(ldlibs) -lcmocka

$(BUILD)/tests/programs/%: tests/programs/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(all_cflags) $(all_ldflags) -MMD -MP -o $@ $< -lpthread $(program_libs)

$(BUILD)/tests/programs/hooks: program_libs = $(ldlibs)

$(BUILD)/tests/fuzz/%: tests/fuzz/%.c $(objects)
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(all_cflags) $(all_ldflags) -fsanitize=fuzzer -MMD -MP -o $@ $< $(objects) $(ldlibs)

-include $(shell find $(BUILD) -path $(BUILD)/deb -prune -o -type f -name '*.d' -print 2>/dev/null)

# Installing what is lacking: Debian's and Ubuntu's packages, as root or through sudo.
sudo      := $(if $(filter 0,$(shell id -u)),,sudo)
# Until 24.10, Ubuntu has bpftool in a package for each kernel.
old_ubuntu = $(shell . /etc/os-release; case $$ID$$VERSION_ID in (ubuntu2[0-4].*) echo yes; esac)
build_deps = gcc make pkg-config clang llvm libbpf-dev libelf-dev zlib1g-dev libjansson-dev libpcap0.8-dev \
             $(if $(old_ubuntu),linux-tools-generic,bpftool)
demo_deps  = linuxptp
example_deps = chrony linuxptp redis-server python3 iproute2 util-linux chromium optipng
test_deps  = bats libcmocka-dev netbase chrony linuxptp golang-go rustc rustfmt black python3-pytest python3-jsonschema python3-yaml git \
             strace bpftrace jq procps util-linux iproute2 socat libcap2-bin libasan8 libubsan1 valgrind xxd \
             lcov dbus dbus-daemon systemd python3-gi redis-server redis-tools dbus-bin postgresql curl openssh-client openssl \
             libc6-dev-arm64-cross chromium chromium-driver tshark tcpdump bash-completion fish zsh
language_deps = g++ clang clang-format default-jdk-headless kotlin mono-mcs mono-runtime ruby rubocop \
             perltidy elixir erlang-base ghc ormolu python3-yaml yamllint golang-golang-x-tools-dev \
             $(if $(shell command -v npm),,nodejs npm) \
             $(if $(shell apt-cache show swiftlang 2>/dev/null),swiftlang libc6-dev libstdc++-14-dev)
bench_deps = bpftrace python3-bpfcc strace time util-linux
fuzz_deps  = libclang-rt-dev python3
deb_deps   = debhelper dpkg-dev fakeroot git libcmocka-dev lintian
lint_deps  = clang-format clang-tidy cppcheck shellcheck mandoc
vm_deps    = $(shell tests/vm/deps)

define install_deps
	@lacking=; for package in $(1); do \
		dpkg-query -W -f '$${Status}\n' $$package 2>/dev/null | grep -q '^install ok installed' || \
			lacking="$$lacking $$package"; \
	done; \
	[ -z "$$lacking" ] || { $(sudo) apt-get update -q && \
		$(sudo) env DEBIAN_FRONTEND=noninteractive \
			apt-get install -q -y --no-install-recommends $$lacking; }
endef

deps: ## Install what building takes
	$(call install_deps,$(build_deps))

deps-demo: deps
	$(call install_deps,$(demo_deps))

deps-examples: deps
	$(call install_deps,$(example_deps))

deps-test: deps
	$(call install_deps,$(test_deps) $(language_deps))
	@$(MAKE) --no-print-directory tests/languages/node_modules

# What the tests of languages take from npm, as package-lock.json has it.
tests/languages/node_modules: tests/languages/package-lock.json
	npm ci --no-audit --no-fund --prefix $(@D)
	@touch $@

deps-deb: deps
	$(call install_deps,$(deb_deps))

deps-lint:
	$(call install_deps,$(lint_deps))

deps-fuzz:
	$(call install_deps,$(fuzz_deps))

deps-bench:
	$(call install_deps,$(bench_deps))

deps-vm:
	$(call install_deps,$(vm_deps))

# Targets that install first run make again: what is there decides how things are built.
demo: deps-demo ## Record pmc talking to a private ptp4l, and show the Go table
	@$(MAKE) --no-print-directory all
	@$(sudo) examples/demo $(BUILD)/sockfixture

examples: deps-examples ## Record the examples again, and make their fixtures
	@$(MAKE) --no-print-directory all
	@$(sudo) examples/alone "$(abspath $(BUILD)/sockfixture)" --manifest examples/sockfixture.json --update
	@[ examples/html/chronyc.png -nt examples/html/chronyc.html ] || examples/html/page

test: deps-test $(if $(filter true,$(CI)),deps-vm deps-fuzz) ## Build and run all tests (with CI=true also under sanitizers and on other kernels)
	@$(MAKE) --no-print-directory -j $(JOBS) all unit-tests test-programs
	@$(sudo) env CI='$(CI)' BUILD='$(BUILD)' tests/run

unit-tests: $(unit_tests)

test-programs: $(programs)

test-vm: deps-test deps-vm ## Run the suite on Debian's kernels under QEMU, with each backend
	@$(MAKE) --no-print-directory all test-programs
	@$(sudo) env BUILD='$(BUILD)' tests/vm/matrix --readme README.md
	@$(sudo) env SOCKFIXTURE='$(CURDIR)/$(BUILD)/sockfixture' bats tests/vm/preempt.bats

bench: deps-test deps-bench ## Measure what recording costs, and emission, against other tools; README.md gets the table
	@$(MAKE) --no-print-directory all $(bench_programs)
	@$(sudo) env BENCH='$(BENCH)' tests/bench/cost --program $(BUILD)/sockfixture \
		--programs $(BUILD)/tests/programs --save tests/bench/results/host.json $(BENCH_FLAGS)
	@tests/bench/report.py --readme README.md tests/bench/results
	@tests/bench/emit $(BUILD)/sockfixture

bench-vm: deps-test deps-bench deps-vm ## The same of the socket backend and BCC, in a guest: half an hour
	@$(MAKE) --no-print-directory all $(bench_programs)
	@$(sudo) tests/bench/guest tests/bench/results/guest.json $(BENCH_FLAGS)
	@tests/bench/report.py --readme README.md tests/bench/results

clang: deps ## Build the program with clang, in build/clang
	@$(MAKE) --no-print-directory -j $(JOBS) BUILD=$(BUILD)/clang CC=$(CLANG) all

sanitized: ## Build all of it with ASan and UBSan, in build/sanitized
	@$(MAKE) --no-print-directory -j $(JOBS) BUILD=$(BUILD)/sanitized SANITIZE=address,undefined \
		CFLAGS='-O1 -g' all unit-tests test-programs

valgrind: deps-test ## Read recordings under valgrind
	@$(MAKE) --no-print-directory -j $(JOBS) all test-programs
	@$(sudo) env BUILD='$(BUILD)' tests/valgrind

coverage: deps-test ## Show how much of each file the tests reach
	@$(MAKE) --no-print-directory -j $(JOBS) test-programs
	@$(MAKE) --no-print-directory -j $(JOBS) BUILD=$(BUILD)/coverage CFLAGS='-O0 -g --coverage' all unit-tests
	@$(sudo) env BUILD='$(BUILD)/coverage' PROGRAMS='$(CURDIR)/$(BUILD)/tests/programs' tests/coverage

# gcc's analyzer for what it is right about: memory and files used after they are freed or closed, or
# freed and closed twice, and calls in signal handlers. Off is what all of it here is wrong about: it
# does not know what is freed later with what it is stored in, what getline() and epoll_wait() fill in,
# nor that a count of nothing goes with a pointer to nothing.
ANALYZER := -fanalyzer -Wno-analyzer-malloc-leak -Wno-analyzer-fd-leak -Wno-analyzer-file-leak \
            -Wno-analyzer-use-of-uninitialized-value -Wno-analyzer-null-dereference -Wno-analyzer-null-argument
analyze: deps deps-lint ## Look for mistakes with gcc -fanalyzer and clang-tidy
	@$(MAKE) --no-print-directory -j $(JOBS) BUILD=$(BUILD)/analyze CC=gcc CFLAGS='-O1 -g $(ANALYZER)' all
	@$(MAKE) --no-print-directory -k -j $(JOBS) BUILD=$(BUILD)/analyze tidy

# A file at a time, as many at once as there are processors. The skeletons are there by then.
tidied := $(own:%.c=$(BUILD)/tidy/%)

tidy: $(tidied)

$(BUILD)/tidy/%: %.c .clang-tidy
	@echo "  TIDY  $<"
	$(Q)mkdir -p $(@D)
	$(Q)clang-tidy --quiet $< -- $(all_cflags) 2> $@.said || { cat $@.said; exit 1; }
	@touch $@

fuzz: fuzzers ## Fuzz each target below tests/fuzz for FUZZ_SECONDS (60), FUZZ_JOBS (2) at a time
	@BUILD='$(BUILD)' tests/fuzz/run -j $(or $(FUZZ_JOBS),2) $(FUZZ)

fuzzers: deps deps-fuzz ## Build the fuzzers, in build/fuzz
	@$(MAKE) --no-print-directory -j $(JOBS) BUILD=$(BUILD)/fuzz CC=$(CLANG) CFLAGS='-O1 -g -Wno-format-nonliteral' \
		SANITIZE=fuzzer-no-link,address,undefined fuzz-targets

fuzz-targets: $(fuzzers)

lint: deps-lint ## Check format and style
	clang-format --dry-run -Werror $(sources)
	cppcheck -q --std=c11 --enable=warning,performance,portability --inline-suppr \
		--error-exitcode=1 -I. $(own)
	$(if $(scripts),shellcheck $(scripts))
	mandoc -T lint -W warning $(manuals)
	templates/html-hashes --check

format: ## Format the sources
	clang-format -i $(sources)
	templates/html-hashes

completions := $(addprefix $(BUILD)/completion/,bash fish zsh)

$(completions): $(BUILD)/completion/%: $(BUILD)/sockfixture
	@mkdir -p $(@D)
	@echo "  GEN   $@"
	$(Q)$< --completion $* > $@

# Manuals name the folder where the schema is put.
installed_manuals := $(manuals:%=$(BUILD)/man/%)

$(installed_manuals): $(BUILD)/man/%: % $(BUILD)/datadir
	@mkdir -p $(@D)
	@echo "  GEN   $@"
	$(Q)sed 's|/usr/local/share/sockfixture|$(DATADIR)|' $< > $@

# Does something with each file that is installed: its mode, what it is made of, its place.
define installed
	$(call $(1),755,$(BUILD)/sockfixture,$(DESTDIR)$(BINDIR)/sockfixture)
	$(foreach page,$(manuals),$(call $(1),644,$(BUILD)/man/$(page),$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(page)))/$(page))
	)$(call $(1),644,capture/manifest/sockfixture.schema.json,$(DESTDIR)$(DATADIR)/sockfixture.schema.json)
	$(call $(1),644,$(BUILD)/completion/bash,$(DESTDIR)$(BASHDIR)/sockfixture)
	$(call $(1),644,$(BUILD)/completion/fish,$(DESTDIR)$(FISHDIR)/sockfixture.fish)
	$(call $(1),644,$(BUILD)/completion/zsh,$(DESTDIR)$(ZSHDIR)/_sockfixture)
endef
install_file = install -D -m $(1) $(2) $(3)
remove_file  = rm -f $(3)

install: all $(completions) $(installed_manuals) ## Install to DESTDIR and PREFIX
	$(call installed,install_file)

uninstall: ## Remove what install put there
	$(call installed,remove_file)
	-rmdir $(DESTDIR)$(DATADIR)

# What is committed, and the same bytes wherever it is made.
name := sockfixture-$(VERSION)

dist: ## Make a tarball of what is committed, in build/
	@mkdir -p $(BUILD)
	git -c tar.umask=0022 archive --format=tar --prefix=$(name)/ HEAD | gzip -9 -n > $(BUILD)/$(name).tar.gz
	@echo $(BUILD)/$(name).tar.gz

# Builders of packages run the unit tests; we have run them before.
DEB_BUILD_OPTIONS ?= nocheck
deb: deps-deb dist ## Build a Debian package of what is committed, in build/deb/, and check it
	rm -rf $(BUILD)/deb && mkdir -p $(BUILD)/deb
	cp $(BUILD)/$(name).tar.gz $(BUILD)/deb/sockfixture_$(VERSION).orig.tar.gz
	tar -C $(BUILD)/deb -xf $(BUILD)/$(name).tar.gz
	cp -r $(BUILD)/deb/$(name)/.ci/debian $(BUILD)/deb/$(name)/debian
	cd $(BUILD)/deb/$(name) && env -u MAKEFLAGS DEB_BUILD_OPTIONS="$(DEB_BUILD_OPTIONS)" dpkg-buildpackage -us -uc
	lintian --fail-on error,warning $(BUILD)/deb/*.changes

clean: ## Remove what was built
	rm -rf $(filter-out / . ..,$(BUILD))/

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | \
		while IFS="$$(printf '\t')" read -r target text; do \
			printf '  make %-14s %s\n' "$$target" "$$text"; done
