# How our own targets are compiled. Nothing here is global: targets ask for it.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

option(GRADSPACE_WERROR "Treat warnings as errors" OFF)

find_program(GRADSPACE_CCACHE ccache)
if(GRADSPACE_CCACHE AND PROJECT_IS_TOP_LEVEL)
  # The sloppiness lets it serve what was compiled with a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros ${GRADSPACE_CCACHE})
endif()

# A unity build gives the compiler all sources of a target at once, and so parses their headers once:
# less than half of the time, at the price that every change compiles a whole target. Names in unnamed namespaces
# must then differ within a target. That is why it is all or nothing and never a number of files: whether
# two names meet must not depend on how many files a target has.
if(CMAKE_UNITY_BUILD)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 0)
endif()

# Command and module lie beside the library, in the build folder as in an installation.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)

function(gradspace_compile_options target)
  # Highway compiles such a file once for each instruction set by including it again: it must stand alone.
  get_target_property(sources ${target} SOURCES)
  foreach(source ${sources})
    get_filename_component(source ${source} ABSOLUTE)
    if(source MATCHES "\\.cpp$" AND EXISTS ${source})
      file(STRINGS ${source} again REGEX "define HWY_TARGET_INCLUDE" LIMIT_COUNT 1)
      if(again)
        set_source_files_properties(${source} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
      endif()
    endif()
  endforeach()
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  # -ffp-contract=off: the same rounding whatever the processor; fused multiply-adds are asked for by
  # name where they are wanted. -fno-math-errno lets sqrt be one instruction; nothing reads errno.
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow
    -ffp-contract=off -fno-math-errno
    # GCC 12 sees overlaps that are not there in std::string's operator+ (GCC bug 105651).
    $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
    # In a unity build GCC takes every source for a header, where unnamed types would be a mistake.
    $<$<AND:$<CXX_COMPILER_ID:GNU>,$<BOOL:${CMAKE_UNITY_BUILD}>>:-Wno-subobject-linkage>
    $<$<BOOL:${GRADSPACE_WERROR}>:-Werror>)
  # A vector of SVE has no size that the compiler knows and can't lie in an array: on arm64 Highway is kept
  # to NEON, in all files alike. The number is HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128.
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
    target_compile_definitions(${target} PRIVATE HWY_DISABLED_TARGETS=0xF000000LL)
  endif()
endfunction()

# Parses costly headers once for all files of a target, where no unity build does so already. GCC alone:
# ccache can't serve what clang compiles this way.
function(gradspace_precompile target)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT CMAKE_UNITY_BUILD)
    target_precompile_headers(${target} PRIVATE ${ARGN})
    target_compile_options(${target} PRIVATE -fpch-preprocess)  # ccache's wish
  endif()
endfunction()
