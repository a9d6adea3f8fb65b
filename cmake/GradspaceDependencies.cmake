# Everything comes from the system; nothing is downloaded.
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(TBB REQUIRED)
find_package(Eigen3 REQUIRED NO_MODULE)
find_package(hwy REQUIRED)
find_package(PNG REQUIRED)
find_package(JPEG REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(libzip REQUIRED IMPORTED_TARGET libzip)  # its CMake files want its tools installed
find_package(Protobuf REQUIRED)
find_package(Boost REQUIRED)  # headers: CRC
find_package(CLI11 REQUIRED)
pkg_check_modules(libmd REQUIRED IMPORTED_TARGET libmd)  # SHA-256
pkg_check_modules(libzstd REQUIRED IMPORTED_TARGET libzstd)
find_path(GRADSPACE_XXHASH xxhash.h REQUIRED)  # XXH3, all of it in the header
