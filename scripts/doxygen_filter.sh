#!/bin/sh
# Makes the plain comment at the top of a header a description of the file, as Doxygen wants it.
exec awk 'NR == 1 { print "/// @file"; top = 1 }
          top && /^\/\// { print "/" $0; next }
          { top = 0; print }' "$1"
