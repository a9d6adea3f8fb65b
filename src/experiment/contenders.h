// The kinds of contenders, each in a file of its own.
#pragma once

#include <memory>
#include <string>

#include "experiment/contender.h"

namespace gradspace {

/// A method of one_class.h, on the run's autoencoder.
std::unique_ptr<Contender> make_one_class_contender(const std::string& method,
                                                    const AutoencoderSpec& spec);

inline constexpr const char* kStandIns = "stand-ins";

/// Challenges that are kin: optics; light; weather; sensor and transmission.
inline constexpr std::size_t kStandInGroups = 4;

/// From 0.
std::size_t stand_in_group(int challenge_type);

/// The paper's classifier trained on clean images against several challenges at once, made of the same
/// clean images, each of which is challenged once. It has seen no challenge of `group`, and is judged on
/// those alone.
std::unique_ptr<Contender> make_stand_ins(const AutoencoderSpec& spec, std::size_t group);

inline constexpr const char* kKinless = "image-pseudo-kinless";

/// Challenges are in groups that have the same kin among the families of distorted copies.
std::size_t kinless_groups();
std::size_t kinless_group(int challenge_type);

/// "image-pseudo", trained without the distortions that are akin to the group's challenges, and judged
/// on those alone.
std::unique_ptr<Contender> make_kinless(const AutoencoderSpec& spec, std::size_t group);

inline constexpr const char* kGradCon = "gradcon";

/// Whether GradCon's autoencoder is made for such images.
bool gradcon_takes(const Extent& input);

/// GradCon (gradspace/gradcon.h): an autoencoder of its own, trained with the alignment term.
std::unique_ptr<Contender> make_gradcon_contender();

}  // namespace gradspace
