// SPDX-License-Identifier: Apache-2.0
// The variables that GRUB 2 has before it reads a menu. Pure.

export type GrubPlatform = "pc" | "efi" | "xen";

export function firstVariables(path: string, platform: GrubPlatform): Map<string, string> {
  const directory = path.slice(0, path.lastIndexOf("/"));
  return new Map<string, string>([
    ["grub_platform", platform],
    ["grub_cpu", platform === "pc" ? "i386" : "x86_64"],
    ["prefix", directory],
    ["config_directory", directory],
    ...FEATURES.map((name) => [name, "y"] as const),
  ]);
}

/** Variables of GRUB 2.12 that generated menus ask for (grub-core/normal/main.c). */
const FEATURES = [
  "feature_200_final",
  "feature_all_video_module",
  "feature_chainloader_bpb",
  "feature_default_font_path",
  "feature_menuentry_id",
  "feature_menuentry_options",
  "feature_nativedisk_cmd",
  "feature_ntldr",
  "feature_platform_search_hint",
  "feature_timeout_style",
];
