# An overlay port, which builds the sources that it lies in. These are a release's archive, which has the report page
# bundled:
#   vcpkg install gradspace --triplet x64-linux-dynamic --overlay-ports=FOLDER_OF_THE_SOURCES/packaging/vcpkg
get_filename_component(SOURCE_PATH "${CURRENT_PORT_DIR}/../../.." ABSOLUTE)

set(formats "")
if("formats" IN_LIST FEATURES)
  set(formats "webp\\;avif\\;jpeg_xl\\;tiff")
endif()
vcpkg_check_features(OUT_FEATURE_OPTIONS media_option FEATURES media GRADSPACE_MEDIA)

vcpkg_find_acquire_program(PKGCONFIG)
vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS
    ${media_option}
    "-DGRADSPACE_IMAGE_FORMATS=${formats}"
    "-DPKG_CONFIG_EXECUTABLE=${PKGCONFIG}"
    -DGRADSPACE_BENCH=OFF
    -DGRADSPACE_CCACHE=OFF
    -DGRADSPACE_PYTHON_MODULE=OFF
    -DGRADSPACE_TESTS=OFF
    -DGRADSPACE_LIVE=OFF
    -DGRADSPACE_MPI=OFF
    -DGRADSPACE_TORCH=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/gradspace)
vcpkg_fixup_pkgconfig()
vcpkg_copy_tools(TOOL_NAMES gradspace AUTO_CLEAN)

file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include" "${CURRENT_PACKAGES_DIR}/debug/share")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
