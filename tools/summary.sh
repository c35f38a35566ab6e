# Sourced by the scripts that run tests: adds up the "N passed, N failed" lines that every test program and suite ends
# with. Sets passed and failed; nothing else is meant to.
passed=0
failed=0

# NAME EXIT-CODE LOG-FILE. A program must end with 0 when nothing failed and with 1 when something did: any other code is a crash, a leak or
# a time-out, and counts as one more failure, whatever its sum says. Without a sum its lines are counted. No test at all is a failure.
add_summary() {
    local line p f
    line=$(grep -aE '^[0-9]+ passed, [0-9]+ failed$' "$3" | tail -n 1)
    if [ -z "$line" ]; then
        p=$(grep -acE '^  ok ' "$3")
        f=$(grep -acE '^  FAIL ' "$3")
        echo "  FAIL $1 ended with code $2 and without a sum, after $p passed and $f failed"
        passed=$((passed + p))
        failed=$((failed + f + 1))
        return
    fi
    read -r p _ f _ <<<"${line//,/}"
    passed=$((passed + p))
    failed=$((failed + f))
    if [ "$2" -ne $((f > 0 ? 1 : 0)) ]; then
        echo "  FAIL $1 ended with code $2 though its sum is \"$line\""
        failed=$((failed + 1))
    elif [ $((p + f)) -eq 0 ]; then
        echo "  FAIL $1 has no test"
        failed=$((failed + 1))
    fi
}

end_with_summary() { # the sum as the last line; ends the script, 0 only when something passed and nothing failed
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit
}
