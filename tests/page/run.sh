#!/bin/sh
# The tests of the page's modules that need no browser, and a type check of all modules, if the
# programs for them are installed.
set -eu
cd "$(dirname "$0")/../.."

if command -v node >/dev/null; then
    node --test --test-reporter=dot tests/page/
else
    echo 'The tests of the page are left out: there is no node here.'
fi
if command -v tsc >/dev/null; then
    tsc -p tests/page/jsconfig.json
else
    echo "The page's types are not checked: there is no tsc here."
fi
