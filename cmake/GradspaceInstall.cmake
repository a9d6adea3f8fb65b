# `find_package(gradspace)` and `pkg-config gradspace` for others.
#
# A build installs the library that BUILD_SHARED_LIBS asks for. A build of the shared library has all of its
# objects in an archive too, and installs this instead of the shared library with
#   cmake --install BUILD_FOLDER --component gradspace_static --prefix PREFIX
# as if it had been configured without BUILD_SHARED_LIBS: so a test of the static library costs no build.
include(CMakePackageConfigHelpers)

# Describes the library of a kind for pkg-config: gradspace.pc in the build folder's KIND/.
function(gradspace_describe_for_pkg_config kind)
  # Found from the file's own place, so that an installation can be moved.
  set(folder ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig)
  file(RELATIVE_PATH gradspace_pc_prefix ${folder} ${CMAKE_INSTALL_PREFIX})
  foreach(name libdir includedir)
    string(TOUPPER ${name} upper)
    set(gradspace_pc_${name} ${CMAKE_INSTALL_${upper}})
    if(NOT IS_ABSOLUTE "${gradspace_pc_${name}}")
      string(PREPEND gradspace_pc_${name} "\${prefix}/")
    endif()
  endforeach()
  # Not Requires.private: pkg-config wants those even by who links the shared library, and without --static
  # it keeps them from who links the archive.
  set(gradspace_pc_requires "")
  set(gradspace_pc_libs "")
  if(kind STREQUAL "static")
    set(gradspace_pc_requires "fmt tbb libhwy libpng libjpeg zlib libzip libmd libzstd protobuf-lite")
    set(gradspace_pc_libs " -ldl -pthread")
  endif()
  configure_file(${PROJECT_SOURCE_DIR}/cmake/gradspace.pc.in ${PROJECT_BINARY_DIR}/${kind}/gradspace.pc @ONLY)
endfunction()

# gradspace_install(LIBRARY shared|static [COMPONENT name EXCLUDE_FROM_ALL]): the library under its
# public name, its headers, and what describes it.
function(gradspace_install library gradspace_kind)
  set(described ${PROJECT_BINARY_DIR}/${gradspace_kind})
  set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/gradspace)
  set_target_properties(${library} PROPERTIES EXPORT_NAME gradspace)
  install(TARGETS ${library} EXPORT gradspace_${gradspace_kind}
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ${ARGN}
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} ${ARGN})
  install(FILES ${PROJECT_SOURCE_DIR}/include/gradspace.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} ${ARGN})
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/gradspace ${PROJECT_BINARY_DIR}/include/gradspace
          DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} ${ARGN} FILES_MATCHING PATTERN "*.h")

  install(EXPORT gradspace_${gradspace_kind} FILE gradspace_${gradspace_kind}_targets.cmake NAMESPACE gradspace::
          DESTINATION ${config_folder} ${ARGN})
  configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/gradspaceConfig.cmake.in
    ${described}/gradspaceConfig.cmake INSTALL_DESTINATION ${config_folder})
  write_basic_package_version_file(${described}/gradspaceConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
  install(FILES ${described}/gradspaceConfig.cmake ${described}/gradspaceConfigVersion.cmake
          DESTINATION ${config_folder} ${ARGN})

  gradspace_describe_for_pkg_config(${gradspace_kind})
  install(FILES ${described}/gradspace.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig ${ARGN})
endfunction()

if(BUILD_SHARED_LIBS)
  gradspace_install(gradspace shared)
  gradspace_install(gradspace_internal static COMPONENT gradspace_static EXCLUDE_FROM_ALL)
else()
  gradspace_install(gradspace static)
endif()
