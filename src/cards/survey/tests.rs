use super::*;
use crate::cards::testing::write;

const LLAMA: &str = r#"{"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 8}"#;
const POINTER: &str = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 7000\n";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn found_within(limits: &SurveyLimits, files: &[(&str, &str)], links: &[(&str, &str)]) -> Vec<FoundFolder> {
    let held = tempfile::tempdir().unwrap();
    write(held.path(), files);
    for (path, target) in links {
        write(held.path().join(path).parent().unwrap(), &[(".made", "")]);
        #[cfg(unix)]
        std::os::unix::fs::symlink(target, held.path().join(path)).unwrap();
    }
    survey(&ModelsRoot::open(held.path()).unwrap(), limits, &mut |_| {}).unwrap().folders
}

fn found(files: &[(&str, &str)]) -> Vec<FoundFolder> {
    found_within(&SurveyLimits::default(), files, &[])
}

/// Path, kind and reason of each entry.
fn told(folders: &[FoundFolder]) -> Vec<(&str, Option<FolderKind>, Option<FindingCode>)> {
    let code = |folder: &FoundFolder| folder.finding.as_ref().map(|finding| finding.code);
    folders.iter().map(|folder| (folder.path.as_str(), folder.kind, code(folder))).collect()
}

#[test]
fn a_model_is_found_at_any_depth_and_what_lies_in_it_is_part_of_it() {
    let folders = found(&[
        ("Llama/config.json", LLAMA),
        ("Llama/model.safetensors", "12345"),
        ("team/chat/deep/er/Llama/config.json", LLAMA),
        ("team/chat/deep/er/Llama/model.safetensors", "x"),
        ("team/chat/deep/er/Llama/checkpoint-10/config.json", LLAMA),
        ("flux/model_index.json", r#"{"_class_name": "FluxPipeline"}"#),
        ("flux/unet/config.json", r#"{"_class_name": "UNet"}"#),
        ("flux/unet/diffusion_pytorch_model.safetensors", "x"),
    ]);
    assert_eq!(
        told(&folders),
        [
            ("models/Llama", Some(FolderKind::Transformers), None),
            ("models/flux", Some(FolderKind::Diffusers), None),
            ("models/team/chat/deep/er/Llama", Some(FolderKind::Transformers), None),
        ]
    );
    assert_eq!(folders[0].family.as_deref(), Some("llama"));
    assert_eq!(folders[0].size_bytes, Some(LLAMA.len() as u64 + 5));
    assert!(folders.iter().all(FoundFolder::is_available));
}

#[test]
fn each_fault_has_its_reason() {
    let folders = found(&[
        ("broken/config.json", "{"),
        ("cut/x.gguf", "GGUF"),
        ("foreign/config.json", r#"{"model_type": "opt", "num_layers": 12}"#),
        ("lfs/config.json", LLAMA),
        ("lfs/model.safetensors", POINTER),
        ("part/config.json", LLAMA),
        ("part/model-00002-of-00003.safetensors", "x"),
        ("bare/pytorch_model.bin", "x"),
        ("bone/config.json", LLAMA),
        ("readme/README.md", "x"),
        ("readme/.gitattributes", "x"),
        ("readme/LICENSE", "x"),
        ("tokenizer/tokenizer.json", "{}"),
        ("unfetched/config.json", POINTER),
        ("unfetched/1_Pooling/config.json", POINTER),
        ("started/.cache/huggingface/download/x.incomplete", "x"),
        ("pulled/config.json", LLAMA),
        ("pulled/model.safetensors.part", "x"),
        ("table/data.csv", "x"),
        ("table/sub/more.csv", "x"),
        ("space in it/config.json", LLAMA),
    ]);
    use FindingCode as Code;
    let transformers = Some(FolderKind::Transformers);
    assert_eq!(
        told(&folders),
        [
            ("models/bare", None, Some(Code::NoConfiguration)),
            ("models/bone", transformers, Some(Code::NoWeights)),
            ("models/broken", None, Some(Code::BrokenConfiguration)),
            ("models/cut", Some(FolderKind::Gguf), Some(Code::BrokenWeights)),
            ("models/foreign", None, Some(Code::ForeignConfiguration)),
            ("models/lfs", transformers, Some(Code::LfsPointers)),
            ("models/part", transformers, Some(Code::MissingShards)),
            ("models/pulled", transformers, Some(Code::PartialDownload)),
            ("models/readme", None, Some(Code::OnlyReadme)),
            ("models/space in it", transformers, Some(Code::BadPath)),
            ("models/started", None, Some(Code::PartialDownload)),
            ("models/table", None, Some(Code::NotAModel)),
            ("models/tokenizer", None, Some(Code::NoConfiguration)),
            ("models/unfetched", None, Some(Code::LfsPointers)),
        ]
    );
    assert!(folders.iter().all(|folder| !folder.finding.as_ref().unwrap().detail.is_empty()));
}

#[test]
fn empty_folders_are_told_where_they_lie() {
    let held = tempfile::tempdir().unwrap();
    write(held.path(), &[("a/b/.keep", "")]);
    let folders = survey(&ModelsRoot::open(held.path()).unwrap(), &SurveyLimits::default(), &mut |_| {}).unwrap();
    assert_eq!(told(&folders.folders), [("models/a/b", None, Some(FindingCode::Empty))]);
}

#[test]
fn gguf_files_of_one_model_are_one_folder_and_of_several_are_each_their_own() {
    let folders = found(&[
        ("one/x-Q4_K_M.gguf", POINTER),
        ("one/x-Q8_0.gguf", POINTER),
        ("many/llama-Q4_K_M.gguf", POINTER),
        ("many/qwen-q8_0-00001-of-00002.gguf", POINTER),
        ("many/qwen-q8_0-00002-of-00002.gguf", POINTER),
        ("loose.gguf", POINTER),
    ]);
    let told: Vec<&str> = folders.iter().map(|folder| folder.path.as_str()).collect();
    assert_eq!(
        told,
        [
            "models/loose.gguf",
            "models/many/llama-Q4_K_M.gguf",
            "models/many/qwen-q8_0-00001-of-00002.gguf",
            "models/one"
        ]
    );
    assert!(folders.iter().all(FoundFolder::is_incomplete));
}

#[cfg(unix)]
#[test]
fn a_repository_of_the_hub_s_cache_is_one_entry_and_older_snapshots_are_their_own() {
    let snapshot = |name: &str, file: &str| format!("hub/models--o--m/snapshots/{name}/{file}");
    let (config, weights) = (snapshot(COMMIT, "config.json"), snapshot(COMMIT, "model.safetensors"));
    let old = snapshot("abc", "config.json");
    let folders = found_within(
        &SurveyLimits::default(),
        &[
            ("hub/models--o--m/refs/main", COMMIT),
            ("hub/models--o--m/blobs/b1", LLAMA),
            ("hub/models--o--m/blobs/b2", "weights"),
            ("hub/models--o--n/blobs/b1.incomplete", "x"),
            ("hub/models--o--n/snapshots/.keep", ""),
            ("hub/datasets--o--d/snapshots/abc/x.json", "{}"),
            ("hub/.locks/models--o--m/x.lock", ""),
            ("o--scope/snapshots/master/config.json", LLAMA),
            ("o--scope/snapshots/master/model.safetensors", "x"),
        ],
        &[
            (&config, "../../blobs/b1"),
            (&weights, "../../blobs/b2"),
            (&old, "../../blobs/b1"),
            ("Nice-Name", &format!("hub/models--o--m/snapshots/{COMMIT}")),
        ],
    );
    let transformers = Some(FolderKind::Transformers);
    assert_eq!(
        told(&folders),
        [
            ("models/hub/datasets--o--d", None, Some(FindingCode::NotAModel)),
            ("models/hub/models--o--m", transformers, None),
            ("models/hub/models--o--m/snapshots/abc", transformers, Some(FindingCode::NoWeights)),
            ("models/hub/models--o--n", None, Some(FindingCode::PartialDownload)),
            ("models/o--scope/snapshots/master", transformers, None),
        ]
    );
    let current = format!("models/hub/models--o--m/snapshots/{COMMIT}");
    assert_eq!(folders[1].links, [current, "models/Nice-Name".to_owned()]);
}

#[cfg(unix)]
#[test]
fn links_out_of_the_root_are_told_and_loops_end() {
    let folders = found_within(
        &SurveyLimits::default(),
        &[("a/m/config.json", LLAMA), ("a/m/model.safetensors", "x"), (".store/m2/config.json", LLAMA)],
        &[
            ("a/up", ".."),
            ("a/again", "m"),
            ("a/self", "self"),
            ("etc", "/etc"),
            ("gone", "nowhere"),
            ("b/m2", "../.store/m2"),
            ("a/out/config.json", "/etc/passwd"),
        ],
    );
    let refused = Some(FindingCode::LinkRefused);
    assert_eq!(
        told(&folders),
        [
            ("models/a/m", Some(FolderKind::Transformers), None),
            ("models/a/out", None, refused),
            ("models/a/self", None, refused),
            ("models/b/m2", Some(FolderKind::Transformers), Some(FindingCode::NoWeights)),
            ("models/etc", None, refused),
            ("models/gone", None, refused),
        ]
    );
    assert_eq!(folders[0].links, ["models/a/again"]);
}

#[test]
fn every_limit_ends_the_survey_and_is_told() {
    let deep = format!("{}config.json", "d/".repeat(20));
    let files = [("a/config.json", LLAMA), ("b/config.json", LLAMA), ("c/config.json", LLAMA), (deep.as_str(), LLAMA)];
    let limits = SurveyLimits::default();
    let within = |limits: SurveyLimits| found_within(&limits, &files, &[]);
    for limits in [
        SurveyLimits { folders: 1, ..limits.clone() },
        SurveyLimits { all_entries: 3, ..limits.clone() },
        SurveyLimits { time: Duration::ZERO, ..limits.clone() },
        SurveyLimits { entries: 2, ..limits.clone() },
    ] {
        let folders = within(limits.clone());
        let ends = folders.iter().filter(|folder| folder.path == "models").collect::<Vec<_>>();
        assert_eq!(ends.len(), 1, "{limits:?}");
        assert_eq!(ends[0].finding.as_ref().unwrap().code, FindingCode::LimitReached);
        assert!(folders.len() < 5);
    }
    let folders = within(limits);
    let last = folders.last().unwrap();
    assert_eq!(last.path, format!("models/{}d", "d/".repeat(16)));
    assert_eq!(last.finding.as_ref().unwrap().code, FindingCode::LimitReached);
}

#[test]
fn files_of_a_model_in_the_root_itself_are_told() {
    let folders = found(&[("config.json", LLAMA), ("m/config.json", LLAMA)]);
    assert_eq!(folders[0].path, "models");
    assert_eq!(folders[0].finding.as_ref().unwrap().code, FindingCode::BadPath);
    assert_eq!(folders.len(), 2);
}
