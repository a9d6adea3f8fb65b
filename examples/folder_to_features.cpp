// Computes the weight gradients that every image of a folder would cause, and keeps them as a feature set:
// a folder with features.npy (float32, a row an image), index.csv (which row is which image) and meta.json.
//
//   folder_to_features MODEL FOLDER OUT [FEATURES]
//
// FEATURES names layers and losses, for example "down.6:kld,up.6:bce", or "mu" for the latent code; without
// it the paper's are computed. Images that can't be read are left out and listed in OUT/failures.csv. When
// the program is stopped, the same command goes on where it was.
#include <gradspace/extract.h>
#include <gradspace/feature_set.h>
#include <gradspace/gradient.h>
#include <gradspace/model.h>
#include <gradspace/source.h>

#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <vector>

int run(const std::string& model_path, const std::string& folder, const std::string& out,
        const std::string& features) {
  const gradspace::Model model = gradspace::read_model(model_path);
  const std::vector<gradspace::FeatureBlock> columns = gradspace::parse_features(
      features.empty() ? gradspace::proposed_features(model.spec) : features, model.spec);
  const std::unique_ptr<gradspace::Source> source = gradspace::open_source(folder);

  // The fingerprint lets `gradspace fit` and `evaluate` tell that a detector and a feature set belong to one
  // model.
  gradspace::FeatureSetWriter writer(
      out, gradspace::describe_extraction(*source, folder, columns, gradspace::fingerprint(model),
                                          "{}"));
  const gradspace::ExtractResult result = gradspace::extract_features(
      *source, model.spec.input, [&] { return gradspace::make_native_backend(model, columns); },
      writer);

  const gradspace::FeatureSet set(out);
  std::printf("%s/features.npy: %zu images, %zu numbers each\n", out.c_str(), set.size(),
              set.dimension());
  for (const gradspace::FailedImage& failed : set.failures()) {
    std::fprintf(stderr, "folder_to_features: left out %s\n", failed.reason.c_str());
  }
  return result.rows > 0 ? 0 : 1;
}

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5) {
    std::fprintf(stderr, "usage: folder_to_features MODEL FOLDER OUT [FEATURES]\n");
    return 2;
  }
  try {
    return run(argv[1], argv[2], argv[3], argc == 5 ? argv[4] : "");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "folder_to_features: %s\n", error.what());
    return 1;
  }
}
