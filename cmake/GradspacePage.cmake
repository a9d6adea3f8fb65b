# Pages that Node.js bundles from web/. A release's source archive has them bundled already
# (scripts/source_archive.sh), so that it is built without Node.js and without a network.

# Sets `result` to whether web/NAME came with the sources and was bundled from these very ones: its last line is what
# scripts/source_archive.sh makes of them by sha256sum.
function(gradspace_page_came_bundled result name)
  set(${result} OFF PARENT_SCOPE)
  set(web ${PROJECT_SOURCE_DIR}/web)
  if(NOT EXISTS ${web}/${name})
    return()
  endif()
  set(sums "")
  foreach(source ${ARGN})
    file(SHA256 ${source} sum)
    file(RELATIVE_PATH source_name ${web} ${source})
    string(APPEND sums "${sum}  ${source_name}\n")
  endforeach()
  string(SHA256 sum "${sums}")
  file(STRINGS ${web}/${name} line REGEX "^// Sources: ${sum}$")
  if(line)
    set(${result} ON PARENT_SCOPE)
  endif()
endfunction()

# Makes the C++ file `output` of web/SCRIPT; web/NAME, NAME being the file's name, is taken where it is such a bundle.
function(gradspace_page output script)
  set(web ${PROJECT_SOURCE_DIR}/web)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${web}/src/*)
  list(APPEND sources ${web}/build.mjs ${web}/build_monitor.mjs ${web}/bundle.mjs ${web}/package-lock.json)
  list(SORT sources)
  get_filename_component(name ${output} NAME)
  gradspace_page_came_bundled(came_bundled ${name} ${sources})
  if(came_bundled)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${sources})
    configure_file(${web}/${name} ${output} COPYONLY)
    return()
  endif()
  find_program(GRADSPACE_NODE NAMES node nodejs)
  if(NOT GRADSPACE_NODE OR NOT EXISTS ${web}/node_modules/esbuild OR NOT EXISTS ${web}/node_modules/echarts)
    message(FATAL_ERROR
      "The pages need Node.js and the packages of web/package-lock.json, bundled at build time. "
      "scripts/install-deps.sh installs both (or run `npm ci` in web/); "
      "a release's source archive has the pages bundled, as long as nothing in web/ is changed; "
      "-DGRADSPACE_REPORT=OFF builds without pages.")
  endif()
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${GRADSPACE_NODE} ${web}/${script} ${output}
    DEPENDS ${sources}
    COMMENT "Bundling ${name}"
    VERBATIM)
endfunction()
