// The words that name metrics of image quality on the command line.
#pragma once

#include <string>
#include <vector>

namespace gradspace::cli {

/// The names of metrics and of their families, and "all".
std::vector<std::string> metric_words();

/// "gradient (...), unique (...), ...; or paper (...), companions (...), all", for --help.
std::string metric_list();

/// How results name a decoder: by its file, or as the shipped one where there is none.
std::string decoder_name(const std::string& file);

}  // namespace gradspace::cli
