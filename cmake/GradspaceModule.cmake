# One CMake target a module, so that the build refuses an include that the module did not declare.
#
#   gradspace_module(NAME SOURCES a.cpp ... [HEADERS x.h ...] [USES module ...] [LINKS library ...])
#
# SOURCES  the module's files in src/NAME
# HEADERS  the public headers, in include/gradspace, that the module implements
# USES     the modules whose private headers (src/<module>) it may include. It may include the public
#          headers of these and of all that they use in turn.
# LINKS    libraries from outside
#
# No module is given src/ or include/ to search. Each sees "rooms" in the build folder instead: folders
# of links that show it its own files and those of the modules it uses, and nothing else. A module must
# be declared before those that use it, so that no circle is possible.
define_property(GLOBAL PROPERTY GRADSPACE_MODULES BRIEF_DOCS "Modules in the order of their declaration")
define_property(GLOBAL PROPERTY GRADSPACE_LINKS BRIEF_DOCS "What the modules link from outside")

# Made anew, so that nothing is left of a module that was there once.
set(gradspace_rooms ${PROJECT_BINARY_DIR}/rooms)
file(REMOVE_RECURSE ${gradspace_rooms})

# Shows a module's private headers under private/NAME/NAME/, its public ones under public/NAME/gradspace/.
function(gradspace_make_rooms name)
  file(MAKE_DIRECTORY ${gradspace_rooms}/private/${name})
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/src/${name} ${gradspace_rooms}/private/${name}/${name} SYMBOLIC)
  foreach(header ${ARGN})
    get_filename_component(folder ${gradspace_rooms}/public/${name}/gradspace/${header} DIRECTORY)
    file(MAKE_DIRECTORY ${folder})
    set(file ${PROJECT_SOURCE_DIR}/include/gradspace/${header})
    if(NOT EXISTS ${file})
      set(file ${PROJECT_BINARY_DIR}/include/gradspace/${header})
    endif()
    file(CREATE_LINK ${file} ${gradspace_rooms}/public/${name}/gradspace/${header} SYMBOLIC)
  endforeach()
endfunction()

# Lets `target` include the private headers of modules and the public ones that go with them.
function(gradspace_use target)
  foreach(module ${ARGN})
    if(NOT TARGET gradspace_${module}_headers)
      message(FATAL_ERROR "${target} uses the module ${module}, which is not declared before it")
    endif()
    target_include_directories(${target} PRIVATE ${gradspace_rooms}/private/${module})
    target_link_libraries(${target} PRIVATE gradspace_${module}_headers)
  endforeach()
endfunction()

function(gradspace_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;USES;LINKS" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "gradspace_module(${name}): can't understand ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  gradspace_make_rooms(${name} ${ARG_HEADERS})

  add_library(gradspace_${name}_headers INTERFACE)
  target_include_directories(gradspace_${name}_headers INTERFACE ${gradspace_rooms}/public/${name})
  foreach(used ${ARG_USES})
    target_link_libraries(gradspace_${name}_headers INTERFACE gradspace_${used}_headers)
  endforeach()

  add_library(gradspace_${name} OBJECT ${ARG_SOURCES})
  gradspace_compile_options(gradspace_${name})
  gradspace_use(gradspace_${name} ${name} ${ARG_USES})
  target_link_libraries(gradspace_${name} PRIVATE fmt::fmt ${ARG_LINKS})

  set_property(GLOBAL APPEND PROPERTY GRADSPACE_MODULES ${name})
  set_property(GLOBAL APPEND PROPERTY GRADSPACE_LINKS ${ARG_LINKS})
  set_property(GLOBAL PROPERTY GRADSPACE_USES_${name} "${ARG_USES}")
  set_property(GLOBAL PROPERTY GRADSPACE_HEADERS_${name} "${ARG_HEADERS}")
endfunction()

# A module that is loaded on first use and links nothing of ours: `target`, of sources, which may include headers of
# the modules USES, and LINKS libraries from outside. It lies, and is installed, in gradspace/ beside the library.
function(gradspace_loaded_module target)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES;LINKS" ${ARGN})
  add_library(${target} MODULE ${ARG_SOURCES})
  gradspace_compile_options(${target})
  gradspace_use(${target} ${ARG_USES})
  target_link_libraries(${target} PRIVATE ${ARG_LINKS})
  if(NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")  # a sanitizer's functions are the command's
    target_link_options(${target} PRIVATE LINKER:-z,defs)
  endif()
  set_target_properties(${target} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_LIBRARY_OUTPUT_DIRECTORY}/gradspace)
  install(TARGETS ${target} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/gradspace)
endfunction()

# Adds all modules' objects, and what they link, to a library. What has nothing but headers is left out, so
# that who links the static library need not have it.
function(gradspace_join_modules library)
  get_property(modules GLOBAL PROPERTY GRADSPACE_MODULES)
  get_property(links GLOBAL PROPERTY GRADSPACE_LINKS)
  list(REMOVE_DUPLICATES links)
  list(REMOVE_ITEM links Eigen3::Eigen nlohmann_json::nlohmann_json Boost::headers)
  foreach(module ${modules})
    target_sources(${library} PRIVATE $<TARGET_OBJECTS:gradspace_${module}>)
  endforeach()
  target_link_libraries(${library} PRIVATE fmt::fmt ${links})
endfunction()

# Sets `result` to the named modules and all that they use in turn.
function(gradspace_with_used result)
  set(waiting ${ARGN})
  set(found "")
  while(waiting)
    list(POP_FRONT waiting module)
    list(APPEND found ${module})
    get_property(uses GLOBAL PROPERTY GRADSPACE_USES_${module})
    list(APPEND waiting ${uses})
  endwhile()
  list(REMOVE_DUPLICATES found)
  set(${result} ${found} PARENT_SCOPE)
endfunction()

# A line a module, "NAME: USED USED ...": what the tests hold against HACKING.md.
function(gradspace_write_modules file)
  get_property(modules GLOBAL PROPERTY GRADSPACE_MODULES)
  set(lines "")
  foreach(module ${modules})
    get_property(uses GLOBAL PROPERTY GRADSPACE_USES_${module})
    list(JOIN uses " " uses)
    string(APPEND lines "${module}: ${uses}\n")
  endforeach()
  file(WRITE ${file} "${lines}")
endfunction()
