"""The library and the command for Conan 2: conan create FOLDER_OF_A_RELEASE'S_SOURCES --build=missing

The sources are those of a release's archive, which has the report page bundled. Dependencies are of the versions that
Debian 12 has, or near them, as gradspace is tested with these. The system provides libmd, which ConanCenter lacks.
"""
import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir
from conan.tools.gnu import PkgConfigDeps
from conan.tools.system.package_manager import Apt


class GradspaceRecipe(ConanFile):
    name = "gradspace"
    description = "How far an image is from what a model knows, by the weight gradients it would cause"
    license = "MIT"
    topics = ("image-quality", "out-of-distribution", "anomaly-detection", "gradients")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "fPIC": [True, False]}
    # libmatio is loaded by its name when the first MATLAB file is met.
    default_options = {"shared": True, "fPIC": True, "matio/*:shared": True}
    implements = ["auto_shared_fpic"]

    def set_version(self):
        text = load(self, os.path.join(self.recipe_folder, "CMakeLists.txt"))
        self.version = re.search(r"project\(gradspace VERSION ([0-9.]+)", text)[1]

    def export_sources(self):
        for pattern in ("CMakeLists.txt", "LICENSE", "cmake/*", "include/*", "src/*", "web/*"):
            copy(self, pattern, self.recipe_folder, self.export_sources_folder, excludes="web/node_modules/*")

    def validate(self):
        check_min_cppstd(self, 20)

    def requirements(self):
        for reference in ("fmt/9.1.0", "onetbb/2021.9.0", "highway/1.0.3", "libpng/1.6.40", "libjpeg-turbo/2.1.5",
                          "zlib/1.2.13", "zstd/1.5.5", "libzip/1.7.3", "protobuf/3.21.12", "matio/1.5.23"):
            self.requires(reference)
        # Headers alone.
        for reference in ("nlohmann_json/3.11.2", "eigen/3.4.0", "xxhash/0.8.2", "boost/1.81.0", "cli11/2.3.2"):
            self.requires(reference, visible=False)

    def build_requirements(self):
        self.tool_requires("protobuf/<host_version>")

    def system_requirements(self):
        Apt(self).install(["libmd-dev", "pkgconf"], check=True)

    def layout(self):
        cmake_layout(self)

    def generate(self):
        dependencies = CMakeDeps(self)
        dependencies.set_property("highway", "cmake_file_name", "hwy")
        dependencies.set_property("highway::hwy", "cmake_target_name", "hwy::hwy")
        dependencies.generate()
        PkgConfigDeps(self).generate()
        toolchain = CMakeToolchain(self)
        for name in ("BENCH", "CCACHE", "LIVE", "MEDIA", "MPI", "PYTHON_MODULE", "TESTS", "TORCH"):
            toolchain.cache_variables[f"GRADSPACE_{name}"] = "OFF"
        toolchain.cache_variables["GRADSPACE_IMAGE_FORMATS"] = ""
        toolchain.cache_variables["CMAKE_UNITY_BUILD"] = "ON"
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        CMake(self).install()
        # Conan describes the package itself.
        for folder in ("cmake", "pkgconfig"):
            rmdir(self, os.path.join(self.package_folder, "lib", folder))

    def package_info(self):
        self.cpp_info.libs = ["gradspace"]
        self.cpp_info.set_property("cmake_file_name", "gradspace")
        self.cpp_info.set_property("cmake_target_name", "gradspace::gradspace")
        self.cpp_info.set_property("pkg_config_name", "gradspace")
        if not self.options.shared:
            self.cpp_info.system_libs = ["dl", "md", "pthread"]
