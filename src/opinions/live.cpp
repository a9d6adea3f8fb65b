// LIVE image quality database, release 2: Sheikh, Sabir, Bovik, IEEE TIP 2006.
#include <fmt/format.h>

#include <array>
#include <map>

#include "core/file.h"
#include "gradspace/error.h"
#include "matlab/matlab_file.h"
#include "opinions/database.h"
#include "opinions/lines.h"

namespace gradspace::databases {
namespace {

/// The folders, in the order in which the .mat files number their images.
struct Folder {
  const char* name;
  std::size_t images;
};
constexpr std::array kFolders{Folder{"jp2k", 227}, Folder{"jpeg", 233}, Folder{"wn", 174},
                              Folder{"gblur", 174}, Folder{"fastfading", 174}};
constexpr std::size_t kImages = 982;

struct Opinions {
  std::vector<double> means;
  std::vector<double> deviations;  ///< or none
  std::vector<double> is_original;
};

Opinions read_opinions(AnyCaseFiles& files) {
  Opinions opinions;
  const auto realigned = files.find("dmos_realigned.mat");
  const MatlabFile file(realigned ? files.root() / *realigned : files.require("dmos.mat"));
  opinions.means = file.numbers(realigned ? "dmos_new" : "dmos", kImages);
  opinions.is_original = file.numbers("orgs", kImages);
  if (realigned && file.has("dmos_std")) {
    opinions.deviations = file.numbers("dmos_std", kImages);
  }
  return opinions;
}

/// Of every image the reference's name, by refnames_all.mat or else by the folders' info.txt. Empty
/// where info.txt says nothing of an image.
std::vector<std::string> read_references(AnyCaseFiles& files) {
  if (const auto found = files.find("refnames_all.mat")) {
    return MatlabFile(files.root() / *found).texts("refnames_all", kImages);
  }
  std::vector<std::string> references;
  for (const Folder& folder : kFolders) {
    const std::filesystem::path path = files.require(fmt::format("{}/info.txt", folder.name));
    std::map<std::string, std::string> by_image;
    for (const LiveInfo& info : parse_live_info(read_text_file(path), path.string())) {
      by_image[lower_case(info.distorted)] = info.reference;
    }
    for (std::size_t i = 1; i <= folder.images; ++i) {
      references.push_back(by_image[fmt::format("img{}.bmp", i)]);
    }
  }
  return references;
}

}  // namespace

std::vector<LiveInfo> parse_live_info(std::string_view text, const std::string& name) {
  Lines lines(text, name);
  std::vector<LiveInfo> list;
  while (lines.next()) {
    if (lines.words().size() < 2) {
      lines.fail("is not the names of a reference and of a distorted image");
    }
    list.push_back({std::string(lines.words()[0]), std::string(lines.words()[1])});
  }
  return list;
}

List list_live(AnyCaseFiles& files) {
  const Opinions opinions = read_opinions(files);
  const std::vector<std::string> references = read_references(files);
  List list;
  std::size_t image = 0;
  for (const Folder& folder : kFolders) {
    for (std::size_t i = 1; i <= folder.images; ++i, ++image) {
      if (opinions.is_original[image] != 0) {
        continue;
      }
      const std::string& reference = references[image];
      if (reference.empty()) {
        throw FormatError(
            fmt::format("{}: info.txt does not say which image {}/img{}.bmp was made of",
                        files.root().string(), folder.name, i));
      }
      ListedPair& pair = list.emplace_back();
      pair.reference = fmt::format("refimgs/{}", reference);
      pair.distorted = fmt::format("{}/img{}.bmp", folder.name, i);
      pair.type = folder.name;
      pair.opinion = opinions.means[image];
      if (!opinions.deviations.empty()) {
        pair.deviation = opinions.deviations[image];
      }
    }
  }
  return list;
}

}  // namespace gradspace::databases
