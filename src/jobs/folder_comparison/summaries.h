// What is said of folders and of codecs, given the scores of their images.
#pragma once

#include "gradspace/compare_folders.h"

namespace gradspace {

/// Fills in what the folders' summaries say of the comparison's pairs.
void summarise_folders(FolderComparison& comparison);

/// Puts the folders into curves, chooses the anchor and compares the others with it. Curves of one folder are compared
/// only where the options name them. Throws InvalidArgument where the options' anchor is no curve.
void compare_curves(FolderComparison& comparison, const CompareFoldersOptions& options);

/// The curves alone, without an order within them, and the anchor: before any folder has scores, to find out about one
/// that the options name wrongly.
void find_curves(FolderComparison& comparison, const CompareFoldersOptions& options);

}  // namespace gradspace
