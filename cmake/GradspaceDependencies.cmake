# Everything comes from the system; nothing is downloaded.
find_package(Threads REQUIRED)
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
find_package(spdlog REQUIRED)
find_library(GRADSPACE_LIBMD md REQUIRED)
find_path(GRADSPACE_LIBMD_INCLUDE sha2.h REQUIRED)
