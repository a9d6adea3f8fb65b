#pragma once

namespace gradspace::cli {

/// Has the C library keep the memory of buffers up to some megabytes for the next image, where it would
/// give each back to the kernel and fault it in again page by page: a third of an image quality score's
/// time. It is a setting of the whole process, so a program's main() calls it, never the library.
void keep_freed_memory();

}  // namespace gradspace::cli
