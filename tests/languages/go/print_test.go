// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause

// Prints the exchanges of fixture.go as tests/rows.py does, into the file rows.
package fixture

import (
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"
)

func spell(message []byte) string {
	if message == nil {
		return "none"
	}
	if len(message) == 0 {
		return "-"
	}
	return hex.EncodeToString(message)
}

func spells(messages [][]byte) string {
	if len(messages) == 0 {
		return "none"
	}
	spelt := []string{}
	for _, message := range messages {
		spelt = append(spelt, spell(message))
	}
	return strings.Join(spelt, ",")
}

func TestRows(t *testing.T) {
	out, err := os.Create("rows")
	if err != nil {
		t.Fatal(err)
	}
	TABLES
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}
