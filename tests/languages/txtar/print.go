// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause

// Prints the exchanges of a fixture in txtar as tests/rows.py does: print FILE
package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"log"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"
)

var message = regexp.MustCompile(`^(\d+)-(request|response)(-\d+)?\.(hex|txt)$`)

func bytesOf(file txtar.File) []byte {
	if path.Ext(file.Name) == ".hex" {
		data, err := hex.DecodeString(string(bytes.Join(bytes.Fields(file.Data), nil)))
		if err != nil {
			log.Fatal(err)
		}
		return data
	}
	text := ""
	for _, line := range strings.Split(strings.TrimSuffix(string(file.Data), "\n"), "\n") {
		piece, err := strconv.Unquote(line)
		if err != nil {
			log.Fatalf("%s: %s: %v", file.Name, line, err)
		}
		text += piece
	}
	return []byte(text)
}

func spell(messages [][]byte) string {
	spelt := []string{}
	for _, message := range messages {
		if len(message) == 0 {
			spelt = append(spelt, "-")
		} else {
			spelt = append(spelt, hex.EncodeToString(message))
		}
	}
	if len(spelt) == 0 {
		return "none"
	}
	return strings.Join(spelt, ",")
}

func main() {
	archive, err := txtar.ParseFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var rows []map[string][][]byte
	last := ""
	for _, file := range archive.Files {
		parts := message.FindStringSubmatch(path.Base(file.Name))
		if parts == nil {
			last = ""
			continue
		}
		if parts[1] != last {
			rows = append(rows, map[string][][]byte{})
			last = parts[1]
		}
		row := rows[len(rows)-1]
		row[parts[2]] = append(row[parts[2]], bytesOf(file))
	}
	for _, row := range rows {
		fmt.Println(spell(row["request"]), spell(row["response"]))
	}
}
