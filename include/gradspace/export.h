// What the shared library shows to its users; everything else is hidden.
#pragma once

#define GRADSPACE_API __attribute__((visibility("default")))
