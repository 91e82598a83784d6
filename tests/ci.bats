#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# examples/ci: the steps of its workflows, its rules and its hook are run as they stand there.

load helper

# A clone of the example, as a user's project, with what a step finds: sudo, and the program.
setup() {
    begin_test
    source=$(realpath "$tests/..")
    mkdir bin project
    printf '#!/bin/sh\nexec "$@"\n' > bin/sudo
    # In a workflow it is what the step before has installed.
    printf '#!/bin/sh\nexec "%s" "$@"\n' "$(realpath "$SOCKFIXTURE")" > bin/sockfixture
    chmod +x bin/*
    PATH=$work/bin:$PATH
    cd project
    git init -q
    cp -r "$source"/examples/ci/. .
    commit
}

commit() {
    git add -A
    git -c user.name=test -c user.email=test@example.org commit -q -m "${1:-all}"
}

# Runs a step as GitHub does; the status is run's.
step() { # WORKFLOW NAME
    "$tests/workflow.py" "workflows/$1" "$2" > "$work/step" || fail "no step '$2' in $1"
    run --separate-stderr bash -e -o pipefail "$work/step"
    echo "$2: status $status: $output $stderr" >&2
}

# The server answers otherwise from now on: somebody has been there before.
change_server() {
    python3 - << 'PYTHON'
import json
with open("sockfixture.json") as file:
    manifest = json.load(file)
manifest["fixtures"][0]["setup"].append(["redis-cli", "-s", "run/redis.sock", "SET", "visits", "5"])
with open("sockfixture.json", "w") as file:
    json.dump(manifest, file, indent=4)
PYTHON
    commit 'the server is another'
}

teardown() {
    stop_background
    rm -rf "${open:-}"
}

unchanged() {
    equal "$(git status --porcelain)" ''
}

@test "the workflows are what their schema wants, as far as it matters" {
    python3 - << 'PYTHON'
import yaml
for name in "fixtures", "container":
    with open(f"workflows/{name}.yml") as file:
        workflow = yaml.safe_load(file)
    assert set(workflow) <= {"name", True, "permissions", "jobs"}, workflow
    for job in workflow["jobs"].values():
        assert job["runs-on"]
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step), step
            assert set(step) <= {"name", "uses", "run", "with", "if"}, step
PYTHON
    equal "$("$tests/workflow.py" workflows/fixtures.yml | tr '\n' ,)" \
        'Install sockfixture,Install the server,Compare,Make them anew,' 'the steps'
    equal "$("$tests/workflow.py" workflows/container.yml)" 'Compare' 'the step'
}

@test "the workflow installs, and finds nothing that differs" {
    # What is installed here stays here.
    "$tests/workflow.py" workflows/fixtures.yml 'Install sockfixture' > "$work/install"
    ln -s "$source" sockfixture
    env -u BUILD -u CFLAGS unshare --mount bash -e -c 'mount -t tmpfs none /usr/local
        bash -e "$1"
        /usr/local/bin/sockfixture --version
        test -s /usr/local/share/sockfixture/sockfixture.schema.json
        test -s /usr/local/share/man/man5/sockfixture.json.5' bash "$work/install" >&2
    rm sockfixture
    step fixtures.yml 'Install the server'
    equal "$status" 0
    step fixtures.yml 'Compare'
    equal "$status" 0
    equal "$output" ''
    unchanged
}

@test "the workflow tells a real difference at its line, and keeps a patch" {
    change_server
    step fixtures.yml 'Compare'
    equal "$status" 1
    line=$(grep -n '"name": "visits"' sockfixture.json | cut -d : -f 1)
    [[ ${lines[0]} == "::error file=sockfixture.json,line=$line,title=INCR visits%3A response"* ]]
    equal "${#lines[@]}" 3 'annotations'
    unchanged
    step fixtures.yml 'Make them anew'
    equal "$status" 0
    git stash -q
    git apply fixtures.patch
    rm fixtures.patch
    step fixtures.yml 'Compare'
    equal "$status" 0
}

@test "in a container without privileges" {
    # Others may not pass where bats has its files.
    open=$(mktemp -d)
    chmod 755 "$open"
    cp -r . "$work/bin" "$open"
    chown -R 65534:65534 "$open"
    cd "$open"
    "$tests/workflow.py" workflows/container.yml 'Compare' > step
    PATH=$open/bin:$PATH setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all \
        --inh-caps=-all --no-new-privs bash -e step
    python3 - << 'PYTHON'
import xml.etree.ElementTree as tree
root = tree.parse("fixtures.xml")
assert len(root.findall(".//testcase")) == 4 and not root.findall(".//failure"), root
PYTHON
}

@test "the rules of the Makefile" {
    echo 'include fixtures.mk' > Makefile
    make check-fixtures fixtures
    rm Makefile
    unchanged
    change_server
    echo 'include fixtures.mk' > Makefile
    run ! make check-fixtures
    make fixtures check-fixtures
    equal "$(git diff --name-only | tr '\n' ,)" 'visits.jsonl,visits_test.go,' 'files changed'
}

@test "the hook refuses a commit that does not hold what the server says" {
    cp pre-commit .git/hooks/pre-commit
    echo more >> README.md
    commit 'the fixtures are right'
    echo '// mine' >> visits_test.go
    run ! commit 'the fixture is not'
    [[ $(git log -1 --format=%s) == 'the fixtures are right' ]]
    git checkout -q HEAD visits_test.go
    rm .git/hooks/pre-commit
    change_server
    cp pre-commit .git/hooks/pre-commit
    echo again >> README.md
    git add -A
    run -1 --separate-stderr git -c user.name=test -c user.email=test@example.org commit -m no
    [[ $stderr == *'INCR visits: response'*'sockfixture --update makes the fixtures anew'* ]]
    sockfixture --update
    commit 'as the server says'
}
