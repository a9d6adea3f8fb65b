// Whether a sanitizer replaces the ways to memory, which GCC and Clang say in different words.
#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GRADSPACE_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GRADSPACE_TEST_SANITIZED 1
#endif
#endif
#ifndef GRADSPACE_TEST_SANITIZED
#define GRADSPACE_TEST_SANITIZED 0
#endif
