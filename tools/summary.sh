# Sourced by the scripts that run tests: adds up the "N passed, N failed" lines that every test program and suite ends
# with. Sets passed and failed; nothing else is meant to.
passed=0
failed=0

add_summary() { # NAME EXIT-CODE LOG-FILE: no such line, or a code that contradicts it, counts as one failure
    local line p f
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$3" | tail -n 1)
    if [ -z "$line" ]; then
        echo "  FAIL $1 ended with code $2 and without a summary"
        failed=$((failed + 1))
        return
    fi
    read -r p _ f _ <<<"${line//,/}"
    passed=$((passed + p))
    failed=$((failed + f))
    if [ "$2" -ne 0 ] && [ "$f" -eq 0 ]; then
        echo "  FAIL $1 ended with code $2"
        failed=$((failed + 1))
    fi
}

end_with_summary() { # the sum as the last line; ends the script, 0 only when nothing failed
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
    exit
}
