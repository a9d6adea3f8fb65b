#!/bin/sh
# Makes the plain comments of the public headers what Doxygen wants: in C++ the one at the top a description of the file; in
# C all of them, those behind code being of what is in front. Headings between parts of the C header stay plain.
case $1 in
  */gradspace/*)
    exec awk 'NR == 1 { print "/// @file"; top = 1 }
              top && /^\/\// { print "/" $0; next }
              { top = 0; print }' "$1"
    ;;
  *)
    exec awk 'NR == 1 { sub(/^\/\*/, "/** @file\n *") }
              NR > 1 && !/---- .* ----/ { if (/^ *\/\* /) sub(/\/\* /, "/** "); else sub(/\/\* /, "/**< ") }
              { print }' "$1"
    ;;
esac
