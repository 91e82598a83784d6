# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# For a Makefile: `include fixtures.mk`.

SOCKFIXTURE ?= sockfixture

.PHONY: fixtures check-fixtures

fixtures: # Make the fixtures anew: files that would be the same keep their time
	$(SOCKFIXTURE) --update

check-fixtures: # Fail when a server answers otherwise than recorded
	$(SOCKFIXTURE) --check
