// LIVE multiply distorted image quality database: Jayaraman, Mittal, Moorthy, Bovik, Asilomar 2012.
#include <fmt/format.h>

#include <array>

#include "gradspace/error.h"
#include "matlab/matlab_file.h"
#include "opinions/database.h"

namespace gradspace::databases {
namespace {

struct Part {
  const char* folder;
  const char* images;
  const char* type;
};
constexpr std::array kParts{Part{"Part 1", "blurjpeg", "blur and JPEG"},
                            Part{"Part 2", "blurnoise", "blur and noise"}};

/// A part has 225; no list of another length is refused, but one that could not be this database's.
constexpr std::size_t kMaxImages = 10'000;

void list_part(AnyCaseFiles& files, const Part& part, List& list) {
  const std::filesystem::path path = files.require(fmt::format("{}/Imagelists.mat", part.folder));
  const MatlabFile images(path);
  const MatlabFile scores(files.require(fmt::format("{}/Scores.mat", part.folder)));
  const std::vector<std::string> distorted = images.texts("distimgs");
  const std::vector<std::string> references = images.texts("refimgs");
  if (distorted.size() > kMaxImages) {
    throw FormatError(fmt::format("{}: {} images", path.string(), distorted.size()));
  }
  const std::vector<double> reference_of = images.numbers("ref4dist", distorted.size());
  const std::vector<double> opinions = scores.numbers("DMOSscores", distorted.size());
  for (std::size_t i = 0; i < distorted.size(); ++i) {
    const double number = reference_of[i];  // from 1
    if (!(number >= 1 && number <= static_cast<double>(references.size()))) {
      throw FormatError(fmt::format("{}: ref4dist has {}, but there are {} reference images",
                                    path.string(), number, references.size()));
    }
    const std::string& reference = references[static_cast<std::size_t>(number) - 1];
    if (lower_case(reference) == lower_case(distorted[i])) {
      continue;  // a reference image judged like the others
    }
    ListedPair& pair = list.emplace_back();
    pair.reference = fmt::format("{}/{}/{}", part.folder, part.images, reference);
    pair.distorted = fmt::format("{}/{}/{}", part.folder, part.images, distorted[i]);
    pair.type = part.type;
    pair.opinion = opinions[i];
  }
}

}  // namespace

List list_live_multiply_distorted(AnyCaseFiles& files) {
  List list;
  for (const Part& part : kParts) {
    list_part(files, part, list);
  }
  return list;
}

}  // namespace gradspace::databases
