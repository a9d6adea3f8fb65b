// The carrier of the headers that all tests share; see tests/CMakeLists.txt.
