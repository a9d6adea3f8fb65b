# `find_package(gradspace)` for others.
include(CMakePackageConfigHelpers)

install(TARGETS gradspace EXPORT gradspaceTargets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/gradspace ${PROJECT_BINARY_DIR}/include/gradspace
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")

set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/gradspace)
install(EXPORT gradspaceTargets NAMESPACE gradspace:: DESTINATION ${config_folder})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/gradspaceConfig.cmake.in
  ${PROJECT_BINARY_DIR}/gradspaceConfig.cmake INSTALL_DESTINATION ${config_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/gradspaceConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/gradspaceConfig.cmake
              ${PROJECT_BINARY_DIR}/gradspaceConfigVersion.cmake
        DESTINATION ${config_folder})
