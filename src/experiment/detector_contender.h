// Contenders that end as a `Detector`, on the run's autoencoder.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "experiment/contender.h"
#include "gradspace/detector.h"

namespace gradspace {

class DetectorContender : public Contender {
 public:
  std::unique_ptr<FittedContender> read(const ContenderRun& run) const final;
  std::unique_ptr<FittedContender> fit(const ContenderRun& run,
                                       const CleanImages& clean) const final;

 protected:
  virtual Detector make(const ContenderRun& run, const CleanImages& clean) const = 0;
  nlohmann::json ingredients(const ContenderRun& run) const override;
};

/// A method of one_class.h on a run's clean images; `distortions` as in OneClassOptions.
Detector fit_method(const std::string& method, const std::vector<std::string>& distortions,
                    const ContenderRun& run, const CleanImages& clean);

}  // namespace gradspace
